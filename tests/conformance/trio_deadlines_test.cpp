// Trio's cases about clocks and limits.

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> endless() { co_await wait_for_ever(); }
task<> nap(duration wait) { co_await sleep_for(wait); }

instant now_in_the_fiber() { return this_fiber::pointer()->runs_on().time().now(); }

} // namespace

TEST_CASE("the steady clock goes forward, and never back", "[conformance][TR-013]") {
  const steady_time time;
  const instant first = time.now();
  instant last = first;
  bool went_back = false;
  while (last == first) { // until it has moved
    const instant now = time.now();
    went_back = went_back || now < last;
    last = now;
  }
  CHECK_FALSE(went_back);
  CHECK(last > first);
}

TEST_CASE("fibers read the clock of their run, which moves by exactly what it is told",
          "[conformance][TR-014][TR-015]") {
  simulator simulated{{.clock = clock_mode::manual}};
  std::vector<instant> read;
  const time_source* clock = nullptr;
  const auto top = make_root(simulated, [&]() -> task<> {
    clock = &this_fiber::pointer()->runs_on().time();
    read.push_back(now_in_the_fiber());
    read.push_back(now_in_the_fiber());
    co_await nap(3150ms);
    read.push_back(now_in_the_fiber());
  });
  top->start();
  simulated.run_until_idle();
  simulated.advance(3150ms);
  REQUIRE(top->has_ended());
  CHECK(clock == &simulated.clock());
  CHECK(read == std::vector<instant>{instant{}, instant{}, instant{3150ms}});
  CHECK(simulated.clock().now() == instant{3150ms});
}

TEST_CASE("a limit that was left in time stops nothing when its instant comes", "[conformance][TR-029]") {
  over_seeds(20, [](simulation_options options) {
    options.clock = clock_mode::autojump;
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      const bool in_time = co_await move_on_after(1s, nap(500ms));
      CHECK(in_time);
      co_await nap(2s); // past it
      for (int i = 0; i < 3; ++i)
        co_await yield();
    });
    CHECK(ended.has_value());
    CHECK(simulated.time().now() == instant{2'500ms});
  });
}

TEST_CASE("a limit that passes ends an endless wait, and it can be seen that it did", "[conformance][TR-029]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    const bool in_time = co_await move_on_after(1s, endless());
    CHECK_FALSE(in_time);
    CHECK(now_in_the_fiber() == instant{1s});
    co_await yield();
  });
  CHECK(ended.has_value());
}

TEST_CASE("a limit in the past inside of one in the future counts at once", "[conformance][TR-029]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    const bool all_in_time = co_await move_on_at(instant{10s}, []() -> task<> {
      co_await nap(5s);
      const bool in_time = co_await move_on_at(instant{1s}, endless()); // what moving the limit would be
      CHECK_FALSE(in_time);
      co_await nap(4s);
    }());
    CHECK(all_in_time);
    CHECK(now_in_the_fiber() == instant{9s});
  });
  CHECK(ended.has_value());
}

TEST_CASE("a yield behind a limit that passed while the fiber ran ends there, and not one round later",
          "[conformance][TR-049]") {
  simulator simulated{{.clock = clock_mode::manual}};
  int passed = 0;
  const auto ended = simulated.run([&]() -> task<> {
    const bool in_time = co_await move_on_after(5s, [&]() -> task<> {
      co_await yield();
      ++passed;
      simulated.clock().fire_next(); // as the clock's own thread does while a fiber runs
      co_await yield();
      ++passed;
    }());
    CHECK_FALSE(in_time);
  });
  CHECK(ended.has_value());
  CHECK(passed == 1);
}

TEST_CASE("limits that are entered and left thousands of times leave no timers", "[conformance][TR-100]") {
  simulator simulated{in_any_order()};
  std::size_t timers_max = 0;
  const auto ended = simulated.run([&]() -> task<> {
    static_cast<void>(co_await move_on_after(9'999s, [&]() -> task<> {
      for (int i = 0; i < 2'000; ++i) {
        static_cast<void>(co_await move_on_after(9'998s, []() -> task<> { co_await yield(); }()));
        timers_max = std::max(timers_max, simulated.clock().timers());
      }
      co_await nap(10ms);
    }()));
  });
  CHECK(ended.has_value());
  CHECK(timers_max == 1); // the outer one
  CHECK(simulated.clock().timers() == 0);
}
