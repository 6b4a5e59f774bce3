#include <troupe/scope/deadline.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Has its result at `wait`, and says so when it has it.
task<std::unique_ptr<int>> produce(duration wait, bool& produced) {
  co_await sleep_for(wait);
  produced = true;
  co_return std::make_unique<int>(1);
}

task<> produce_nothing(duration wait, bool& produced) {
  co_await sleep_for(wait);
  produced = true;
}

} // namespace

TEST_CASE("a result is never discarded by an expiry in the same instant", "[scope][B7]") {
  std::size_t in_time = 0;
  std::size_t expired = 0;
  over_seeds(1'000, [&](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      bool produced = false;
      const auto got = co_await move_on_after(1s, produce(1s, produced));
      CHECK(got.has_value() == produced);
      ++(produced ? in_time : expired);

      bool produced_nothing = false;
      const bool done = co_await move_on_after(1s, produce_nothing(1s, produced_nothing));
      CHECK(done == produced_nothing);

      bool produced_or_failed = false;
      const auto outcome = co_await as_outcome(fail_after(1s, produce(1s, produced_or_failed)));
      CHECK(outcome.has_value() == produced_or_failed);

      bool produced_inside = false;
      const auto nested = co_await move_on_after(1s, move_on_after(1s, produce(1s, produced_inside)));
      CHECK((nested.has_value() && nested->has_value()) == produced_inside);
    });
    CHECK(ended.has_value());
  });
  CHECK(in_time + expired == 2 * seeds(1'000));
}

TEST_CASE("a result that a child has in the instant of the limit around its waiter is delivered once or kept",
          "[scope][B7]") {
  over_seeds(1'000, [](const simulation_options& options) {
    simulator simulated{options};
    auto ended = simulated.run([]() -> task<int> {
      int sum = 0;
      co_await in_task_group([&](task_group& group) -> task<> {
        bool produced = false;
        auto one = group.start(produce, 1s, std::ref(produced));
        auto first = co_await move_on_after(1s, one.value());
        if (first)
          sum += **first;
        else
          sum += *co_await one.value();
      });
      co_return sum;
    });
    CHECK(ended.value() == 1);
  });
}

TEST_CASE("limits that have passed start nothing, and nested limits hold the least, in any schedule", "[scope][B7]") {
  over_seeds(1'000, [](const simulation_options& options) {
    simulator simulated{options};
    seeded_random random{options.seed};
    const duration limits[] = {
        duration::min(), duration{-1}, duration::zero(), 1ns, 1s, 2s, 1h, clipped(std::chrono::hours::max()),
        duration::max()};
    const auto ended = simulated.run([&]() -> task<> {
      for (int i = 0; i < 8; ++i) {
        const duration outer = limits[random.below(std::size(limits))];
        const duration inner = limits[random.below(std::size(limits))];
        const duration work = std::max(limits[random.below(7)], duration::zero());
        const instant before = this_fiber::pointer()->runs_on().time().now();
        bool produced = false;
        const auto got = co_await move_on_after(outer, move_on_after(inner, produce(work, produced)));
        const duration took = this_fiber::pointer()->runs_on().time().now() - before;
        const duration least = std::min(outer, inner);
        CHECK((got.has_value() && got->has_value()) == produced);
        const duration expected = std::max(std::min(least, work), duration::zero());
        CHECK(took >= expected);
        if (options.clock == clock_mode::autojump) // else the next timer may come before the fiber goes on
          CHECK(took == expected);
        if (least <= duration::zero() || least < work)
          CHECK_FALSE(produced);
        if (least > work)
          CHECK(produced);
      }
    });
    CHECK(ended.has_value());
    CHECK(simulated.clock().timers() == 0);
  });
}

TEST_CASE("a limit and a cancel from outside that race leave the blame with who was first", "[scope][A2]") {
  over_seeds(1'000, [](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      bool behind_wait = false;
      std::optional<child<>> limited;
      co_await in_task_group([&](task_group& group) {
        limited.emplace(group.start([&]() -> task<> {
          bool produced = false;
          static_cast<void>(co_await move_on_after(1s, produce_nothing(1h, produced)));
          co_await sleep_for(1s); // either way: the cancel is seen in the limit or here
          behind_wait = true;
        }));
        group.start([&group]() -> task<> {
          co_await sleep_for(1s);
          group.cancel();
        });
      });
      CHECK(limited->result().cancelled() != behind_wait);
      if (limited->result().cancelled())
        CHECK(limited->result().cause().reason == cancel_reason::requested);
    });
    CHECK(ended.has_value());
  });
}

TEST_CASE("of limits of 5 s and 10 s in each other the one that passes is to blame, whichever is inside",
          "[scope][B3]") {
  over_seeds(1'000, [](const simulation_options& options) {
    simulator simulated{options};
    const auto now = [&] { return simulated.time().now().time_since_epoch(); };
    const bool exact = options.clock == clock_mode::autojump; // else time may pass before the fiber goes on
    const auto ended = simulated.run([&]() -> task<> {
      // Inside 10 s, outside 5 s: the outer one passes, and the inner one, which would throw, says nothing.
      bool behind = false;
      const bool outer_first = co_await move_on_after(5s, [](bool& reached) -> task<> {
        bool produced = false;
        co_await fail_after(10s, produce_nothing(1h, produced));
        reached = true;
      }(behind));
      CHECK_FALSE(outer_first);
      CHECK_FALSE(behind);
      CHECK(now() >= 5s);
      if (exact)
        CHECK(now() == 5s);

      // Inside 5 s, outside 10 s: the inner one passes and throws, and its body goes on until the outer one passes.
      const auto begun = now();
      bool blamed_inside = false;
      const auto failed = co_await as_outcome(fail_after(10s, [](bool& blamed) -> task<> {
        bool produced = false;
        const auto inner = co_await as_outcome(fail_after(5s, produce_nothing(1h, produced)));
        blamed = inner.has_error();
        co_await sleep_for(1h);
      }(blamed_inside)));
      if (exact)
        CHECK(blamed_inside);
      CHECK_THROWS_AS(std::rethrow_exception(failed.error()), deadline_exceeded);
      CHECK(now() - begun >= 10s);
      if (exact)
        CHECK(now() - begun == 10s);
    });
    CHECK(ended.has_value());
    CHECK(simulated.clock().timers() == 0);
  });
}

TEST_CASE("the first to cancel a scope gives the reason and the origin, in any schedule", "[scope][B3]") {
  std::set<cancel_reason> seen;
  over_seeds(1'000, [&](const simulation_options& options) {
    simulator simulated{options};
    std::vector<std::pair<cancel_reason, std::uint64_t>> asked; // in the order of time
    std::optional<child<>> one;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        one.emplace(group.start([]() -> task<> { co_await wait_for_ever(); }));
        for (const cancel_reason why : {cancel_reason::requested, cancel_reason::shutdown})
          group.start([&, why]() -> task<> {
            asked.emplace_back(why, this_fiber::pointer()->number());
            group.cancel(why);
            co_return;
          });
      });
    });
    CHECK(ended.has_value());
    REQUIRE(one->result().cancelled());
    REQUIRE(asked.size() == 2);
    CHECK(one->result().cause().reason == asked.front().first);
    CHECK(one->result().cause().origin == asked.front().second);
    seen.insert(asked.front().first);
  });
  CHECK(seen.size() == 2);
}
