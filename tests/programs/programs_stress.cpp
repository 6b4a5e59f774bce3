#include <tests/programs/runs.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("a thousand random programs keep the same books on two to four threads", "[programs][stress][C5][C9][A3]") {
  const std::uint64_t programs = std::max<std::size_t>(seeds(1'000), 1'000); // all of them in sanitized runs as well
  int failures = 0;
  for (std::size_t threads = 2; threads <= 4; ++threads) {
    event_balance events;
    thread_pool_executor pool{threads, &events};
    for (std::uint64_t seed = threads - 2; seed < programs && failures < 3; seed += 3) {
      const program of = program::from_seed(seed);
      run_report run = run_on(pool, events, of);
      if (of.calm && totals_of(run) != totals_of(simulate(of, schedule_of(of, 0))))
        run.problems += "a program without races has other totals than in the simulator\n";
      if (run.problems.empty())
        continue;
      ++failures;
      FAIL_CHECK("on " << threads << " threads:\n" << of.describe() << run.problems);
    }
  }
  CHECK(failures == 0);
}
