#include "office.hpp"

#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("each message to an actor is handled or lost once on threads, however it is stopped",
          "[actors][stress][C3][C8][C11][E6][F1][F2]") {
  thread_pool_executor pool{2};
  std::size_t lost = 0, handled = 0;
  for (std::uint64_t round = 0; round < seeds(1'000); ++round) {
    office seen{any_office(round)};
    const outcome<> ended = pool.run([&] { return seen.run(); });
    CHECK(ended.has_value());
    INFO("round " << round << '\n' << seen.problems());
    CHECK(seen.problems().empty());
    lost += seen.count_lost();
    handled += seen.count_handled();
  }
  CHECK(lost > 0);
  CHECK(handled > 0);
}
