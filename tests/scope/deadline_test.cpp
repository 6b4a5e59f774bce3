#include <troupe/scope/deadline.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> nothing_after(duration wait) { co_await sleep_for(wait); }

task<std::unique_ptr<int>> box_after(duration wait) {
  co_await sleep_for(wait);
  co_return std::make_unique<int>(4);
}

task<int> failure_after(duration wait) {
  co_await sleep_for(wait);
  throw std::range_error{"its own error"};
}

task<std::optional<int>> no_number() { co_return std::nullopt; }

/// Fails the test when it runs.
task<> must_not_begin(bool& begun, counted) {
  begun = true;
  co_return;
}

} // namespace

TEST_CASE("move_on_after gives the result in time, and nothing when the limit passes", "[scope]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    const auto in_time = co_await move_on_after(2s, after(1s, 7));
    CHECK(in_time == 7);
    const auto too_late = co_await move_on_after(1s, after(2s, 7));
    CHECK_FALSE(too_late.has_value());
    const bool done = co_await move_on_after(2s, nothing_after(1s));
    CHECK(done);
    const bool undone = co_await move_on_after(1s, nothing_after(2s));
    CHECK_FALSE(undone);
    const auto box = co_await move_on_after(2s, box_after(1s));
    CHECK(**box == 4);
  });
  CHECK(ended.has_value());
  CHECK(simulated.time().now() == instant{5s});
}

TEST_CASE("a result that is itself empty is not taken for an expiry", "[scope]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    const auto result = co_await move_on_after(1s, no_number());
    CHECK(result.has_value());
    CHECK_FALSE(result->has_value());
  });
  CHECK(ended.has_value());
}

TEST_CASE("fail_after gives the result in time, and throws deadline_exceeded when the limit passes", "[scope]") {
  simulator simulated{in_any_order()};
  auto ended = simulated.run([]() -> task<> {
    const int in_time = co_await fail_after(2s, after(1s, 7));
    CHECK(in_time == 7);
    const auto box = co_await fail_at(instant{4s}, box_after(1s));
    CHECK(*box == 4);
    static_cast<void>(co_await fail_after(1s, after(2s, 7)));
  });
  CHECK_THROWS_AS(ended.value(), deadline_exceeded);
  CHECK(simulated.time().now() == instant{3s});
}

TEST_CASE("what the limited task throws passes through the limit", "[scope]") {
  simulator simulated{in_any_order()};
  CHECK_THROWS_AS(
      simulated.run([]() -> task<> { static_cast<void>(co_await move_on_after(2s, failure_after(1s))); }).value(),
      std::range_error);
  CHECK_THROWS_AS(
      simulated.run([]() -> task<> { static_cast<void>(co_await fail_after(2s, failure_after(1s))); }).value(),
      std::range_error);
}

TEST_CASE("a limit that has passed starts nothing, and what it was given goes", "[scope][B7][TR-021][TR-032]") {
  census alive;
  bool begun = false;
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    for (const duration limit : {duration::zero(), duration{-1}, duration::min()}) {
      const bool done = co_await move_on_after(limit, must_not_begin(begun, counted{alive}));
      CHECK_FALSE(done);
      CHECK(alive.alive() == 0);
    }
    const auto passed_1 = co_await move_on_after(std::chrono::hours::min(), must_not_begin(begun, counted{alive}));
    CHECK_FALSE(passed_1);
    const auto passed_2 =
        co_await move_on_after(std::chrono::duration<double>{-0.0}, must_not_begin(begun, counted{alive}));
    CHECK_FALSE(passed_2);
    const auto passed_3 =
        co_await move_on_after(std::chrono::duration<double>{std::nan("")}, must_not_begin(begun, counted{alive}));
    CHECK_FALSE(passed_3);
    const auto passed_4 = co_await move_on_after(std::chrono::duration<float>{-std::numeric_limits<float>::infinity()},
                                                 must_not_begin(begun, counted{alive}));
    CHECK_FALSE(passed_4);
    const auto passed_5 = co_await move_on_at(instant{}, must_not_begin(begun, counted{alive}));
    CHECK_FALSE(passed_5);
    const auto passed_6 = co_await move_on_at(instant::min(), must_not_begin(begun, counted{alive}));
    CHECK_FALSE(passed_6);
    const auto failed = co_await as_outcome(fail_after(0s, must_not_begin(begun, counted{alive})));
    CHECK(failed.has_error());
    const auto failed_at = co_await as_outcome(fail_at(instant{-1h}, must_not_begin(begun, counted{alive})));
    CHECK(failed_at.has_error());
  });
  CHECK(ended.has_value());
  CHECK_FALSE(begun);
  CHECK(alive.alive() == 0);
  CHECK(alive.made.load() > 0);
}

TEST_CASE("a limit beyond the clock's end never passes", "[scope][B7]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    const auto got_7 = co_await move_on_after(duration::max(), after(1h, 1));
    CHECK(got_7 == 1);
    const auto got_8 = co_await move_on_after(std::chrono::hours::max(), after(1h, 2));
    CHECK(got_8 == 2);
    const auto got_9 =
        co_await move_on_after(std::chrono::duration<double>{std::numeric_limits<double>::infinity()}, after(1h, 3));
    CHECK(got_9 == 3);
    const auto got_10 =
        co_await move_on_after(std::chrono::duration<double, std::milli>{9'223'372'036'854.775'808}, after(1h, 4));
    CHECK(got_10 == 4);
    const auto got_11 = co_await fail_at(instant::max(), after(1h, 5));
    CHECK(got_11 == 5);
    const auto got_12 = co_await move_on_after(std::chrono::duration<double>{0.5}, after(400ms, 6));
    CHECK(got_12 == 6);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a reference passes through a limit, a child and an outcome as a reference", "[scope]") {
  simulator simulated{in_any_order()};
  int target = 0;
  const auto ended = simulated.run([&]() -> task<> {
    const auto refer = [&target]() -> task<int&> {
      co_await sleep_for(1s);
      co_return target;
    };
    int& limited = co_await fail_after(2s, refer());
    CHECK(&limited == &target);
    auto caught = co_await as_outcome(refer());
    CHECK(&caught.value() == &target);
    std::optional<child<int&>> one;
    co_await in_task_group([&](task_group& group) { one.emplace(group.start(refer)); });
    int& from_child = co_await one->value();
    CHECK(&from_child == &target);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a relative limit is counted from the await", "[scope]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    auto limited = move_on_after(2s, after(1s, 1));
    co_await sleep_for(10s);
    const auto got_13 = co_await std::move(limited);
    CHECK(got_13 == 1);
  });
  CHECK(ended.has_value());
}

TEST_CASE("of nested limits the earliest counts, and the one that passed is to blame", "[scope][B3]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    // The inner one passes: the outer one's body goes on.
    const auto inner = co_await move_on_after(10s, move_on_after(1s, after(5s, 1)));
    CHECK(inner.has_value());
    CHECK_FALSE(inner->has_value());
    // The outer one passes: the inner one says nothing.
    const auto outer = co_await move_on_after(1s, move_on_after(10s, after(5s, 1)));
    CHECK_FALSE(outer.has_value());
    const auto blamed_outside = co_await as_outcome(move_on_after(1s, fail_after(10s, after(5s, 1))));
    CHECK(blamed_outside.has_value());
    const auto blamed_inside = co_await as_outcome(move_on_after(10s, fail_after(1s, after(5s, 1))));
    CHECK(blamed_inside.has_error());
    // The same instant: the outer one, since what is around stops too.
    const auto same = co_await as_outcome(move_on_after(1s, fail_after(1s, after(5s, 1))));
    CHECK(same.has_value());
  });
  CHECK(ended.has_value());
}

TEST_CASE("the cause of a stop by a limit is the deadline", "[scope][B3]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    std::optional<child<>> one;
    co_await in_task_group([&](task_group& group) -> task<> {
      static_cast<void>(co_await move_on_after(
          1s, in_task_group([&](task_group& inner) { one.emplace(inner.start(nothing_after, 5s)); })));
      group.cancel();
    });
    CHECK(one->result().cancelled());
    CHECK(one->result().cause().reason == cancel_reason::deadline);
    CHECK(one->result().cause().origin == 0);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a limit around a group stops its children, and ends after them", "[scope]") {
  simulator simulated{in_any_order()};
  census alive;
  const auto ended = simulated.run([&]() -> task<> {
    const bool done =
        co_await move_on_after(1s, in_task_group([&](task_group& group) {
                                 for (int i = 0; i < 3; ++i)
                                   group.start([](counted) -> task<> { co_await sleep_for(1h); }, counted{alive});
                               }));
    CHECK_FALSE(done);
    CHECK(alive.alive() == 0);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a limit leaves no timer behind", "[scope]") {
  simulator simulated{{.clock = clock_mode::manual}};
  const auto top = make_root(simulated, []() -> task<> {
    static_cast<void>(co_await move_on_after(1h, after(1s, 1)));
    co_await sleep_for(1s);
  });
  top->start();
  simulated.run_until_idle();
  CHECK(simulated.clock().timers() == 2);
  simulated.advance(1s);
  CHECK(simulated.clock().timers() == 1);
  simulated.advance(1s);
  CHECK(simulated.clock().timers() == 0);
  CHECK(top->has_ended());
}

TEST_CASE("in code without waits a limit is seen by stop_requested", "[scope]") {
  simulator simulated{{.clock = clock_mode::race}};
  const auto ended = simulated.run([]() -> task<> {
    bool asked = false;
    const bool done = co_await move_on_after(1s, [](bool& seen) -> task<> {
      while (!this_fiber::stop_requested())
        co_await yield();
      seen = true;
    }(asked));
    CHECK(asked);
    CHECK(done); // it ended by itself: what it has to give counts
  });
  CHECK(ended.has_value());
}
