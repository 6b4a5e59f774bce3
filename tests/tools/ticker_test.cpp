#include <troupe/tools/ticker.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/simulator.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::tools;
using namespace std::chrono_literals;

namespace {

task<> work_for(duration time) { co_await sleep_for(time); }

task<> work_beside_ticks(int& ticks, int until) {
  co_await in_task_group([&](task_group& group) -> task<> {
    const auto count = [&](instant) { return ++ticks != until; };
    const auto ticker = group.start(tick, 100ms, count, std::ref(group));
    const auto work = group.start(work_for, 1050ms);
    co_await work.wait_ended();
    ticker.cancel();
  });
}

} // namespace

TEST_CASE("a ticker ticks beside the work until it is cancelled", "[tools]") {
  simulator run;
  int ticks = 0;
  CHECK(run.run(work_beside_ticks, std::ref(ticks), -1).has_value());
  CHECK(ticks == 10);
}

TEST_CASE("a tick that says no stops the group, and nothing ticks again", "[tools]") {
  simulator run;
  int ticks = 0;
  CHECK(run.run(work_beside_ticks, std::ref(ticks), 3).has_value());
  CHECK(ticks == 3);
}
