#include <tests/savina/programs.hpp>

#include <tests/savina/nested_asks.hpp>
#include <tests/savina/runs.hpp>

#include <tests/budget.hpp>

#include <troupe/scope/thread_pool_executor.hpp>

#include <algorithm>
#include <functional>

using namespace troupe;
using namespace troupe::savina;

TEST_CASE("every program of the Savina suite finds nothing wrong on two to four threads", "[savina][stress]") {
  const std::uint64_t rounds = tests::seeds(1);
  for (const std::size_t threads : {2U, 3U, 4U}) {
    thread_pool_executor pool{threads};
    for (std::uint64_t round = 1; round <= rounds; ++round)
      for (const program& each : programs())
        for (const std::size_t capacity : capacities) {
          INFO(each.id << ", " << each.name << ", " << threads << " threads, capacity " << capacity << ", seed "
                       << round);
          require_nothing_wrong(
              pool.run(each.run, scale::medium, setting{.capacity = capacity, .seed = threads * round}));
        }
  }
}

TEST_CASE("transfers in any order end on threads, and keep every balance exact", "[savina][stress][SV-15]") {
  const std::uint64_t rounds = tests::seeds(5);
  std::size_t refused_in_all = 0;
  thread_pool_executor pool{4};
  for (std::uint64_t round = 1; round <= rounds; ++round)
    for (const std::size_t capacity : capacities) {
      INFO("capacity " << capacity << ", seed " << round);
      std::size_t refused = 0;
      require_nothing_wrong(pool.run(banking_in_any_order,
                                     banking_size{.accounts = 6, .transfers = 1'000, .tellers = 8},
                                     setting{.capacity = capacity, .seed = round}, std::ref(refused)));
      refused_in_all += refused;
    }
  CHECK(refused_in_all > 0);
}
