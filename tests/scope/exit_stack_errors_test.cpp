#include <troupe/scope/exit_stack.hpp>

#include "desk.hpp"

#include <troupe/scope/deadline.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <stdexcept>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("everything runs when the body fails, and its error comes out as it was thrown",
          "[scope][ES-007][ES-023][ES-027][ES-045]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    co_await stack.enter(acquire(seen, "desk"));
    stack.push(note_later, std::ref(seen), "finalizer");
    fail("the body");
  });
  CHECK_THROWS_AS(ended.value(), std::range_error);
  CHECK(message_of(ended.error()) == "the body");
  CHECK(attached_errors(ended.error()).empty());
  CHECK(seen == lines{"acquire desk", "finalizer", "release desk", "destroy desk"});
}

TEST_CASE("a body that throws before it gives a task is unwound as well", "[scope][ES-015]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    stack.push(note, std::ref(seen), "finalizer");
    fail("no task");
  });
  CHECK(message_of(ended.error()) == "no task");
  CHECK(seen == lines{"finalizer"});
}

TEST_CASE("everything runs when the block is cancelled or runs out of time, and no cancel reaches it",
          "[scope][B5][ES-003]") {
  lines seen;
  const auto block = [&](exit_stack& stack) -> task<> {
    co_await stack.enter(acquire(seen, "desk"));
    stack.push(note_later, std::ref(seen), "finalizer");
    co_await sleep_for_ever();
  };
  const lines whole{"acquire desk", "finalizer", "release desk", "destroy desk"};

  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const bool in_time = co_await move_on_after(1s, in_exit_stack(block));
    CHECK_FALSE(in_time);
    CHECK(now() == instant{3s});
    CHECK(seen == whole);
    seen.clear();
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> cancelled = group.start([&] { return in_exit_stack(block); });
      co_await sleep_for(1s);
      cancelled.cancel();
      cancelled.cancel();
      co_await sleep_for(1s);
      cancelled.cancel();
      co_await cancelled.wait_ended();
      CHECK(cancelled.result().cancelled());
    });
    CHECK(seen == whole);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a finalizer is told how the block has ended", "[scope][ES-030][ES-040]") {
  lines seen;
  const auto tell = [](const outcome<>& ended, lines& into) {
    into.push_back(ended.has_error() ? message_of(ended.error()) : ended.cancelled() ? "cancelled" : "value");
  };
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto block = [&](exit_stack& stack, int how) -> task<> {
      stack.push(tell, std::ref(seen));
      if (how == 1)
        fail("the body");
      if (how == 2)
        co_await sleep_for_ever();
    };
    const auto value = [&](exit_stack& stack) { return block(stack, 0); };
    const auto error = [&](exit_stack& stack) { return block(stack, 1); };
    const auto stop = [&](exit_stack& stack) { return block(stack, 2); };
    co_await in_exit_stack(value);
    const outcome<> failed = co_await as_outcome(in_exit_stack(error));
    CHECK(failed.has_error());
    const bool in_time = co_await move_on_after(1s, in_exit_stack(stop));
    CHECK_FALSE(in_time);
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"value", "the body", "cancelled"});
}

TEST_CASE("all finalizers run whatever the others do, and their errors are attached to the body's",
          "[scope][B5][E2][ES-033][ES-049][ES-051]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    stack.push(note, std::ref(seen), "lowest");
    stack.push(fail, "third");
    stack.push(exit_options{.limit = 2s}, sleep_for_ever);
    stack.push(fail_later, "first");
    fail("the body");
    co_return;
  });
  CHECK_THROWS_AS(ended.value(), std::range_error);
  CHECK(message_of(ended.error()) == "the body");
  CHECK(attached_to(ended.error()) ==
        lines{"first", "deadline exceeded: a finalizer was stopped before it had ended", "third"});
  CHECK(seen == lines{"lowest"});
}

TEST_CASE("when only finalizers fail the first error comes out, with the others attached", "[scope][ES-013][ES-016]") {
  auto ended = ended_stack([&](exit_stack& stack) -> task<int> {
    stack.push(fail, "second");
    stack.push(fail_later, "first");
    co_return 7;
  });
  CHECK(message_of(ended.error()) == "first");
  CHECK(attached_to(ended.error()) == lines{"second"});
}

TEST_CASE("a finalizer that fails while its block is cancelled is an error, and the cancel stays pending",
          "[scope][A1][B5]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto block = [](exit_stack& stack) -> task<> {
        stack.push(fail_later, "cleanup");
        co_await sleep_for_ever();
      };
      bool pending = false;
      child<> cancelled = group.start([&]() -> task<> {
        const outcome<> unwound = co_await as_outcome(in_exit_stack(block));
        CHECK(message_of(unwound.error()) == "cleanup");
        pending = this_fiber::stop_requested();
      });
      co_await sleep_for(1s);
      cancelled.cancel();
      co_await cancelled.wait_ended();
      CHECK(pending);
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a group keeps what is attached to the errors of its children", "[scope][A1][ES-034]") {
  simulator simulated{in_any_order()};
  outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([] {
        return in_exit_stack([](exit_stack& stack) -> task<> {
          stack.push(fail, "cleanup");
          fail("the body");
          co_return;
        });
      });
    });
  });
  try {
    ended.value();
    FAIL("the group did not fail");
  } catch (const error_group& group) {
    REQUIRE(group.errors().size() == 1);
    REQUIRE(group.errors()[0].attached.size() == 1);
    CHECK(message_of(group.errors()[0].error) == "the body");
    CHECK(message_of(group.errors()[0].attached[0]) == "cleanup");
  }
}

TEST_CASE("errors keep what they have attached through stacks in each other", "[scope][ES-048][ES-053][ES-058]") {
  auto ended = ended_stack([&](exit_stack& outer) -> task<> {
    outer.push(fail, "outer cleanup");
    co_await in_exit_stack([&](exit_stack& inner) -> task<> {
      inner.push(fail, "inner cleanup");
      fail("the body");
      co_return;
    });
  });
  CHECK(message_of(ended.error()) == "the body");
  CHECK(attached_to(ended.error()) == lines{"inner cleanup", "outer cleanup"});
}

TEST_CASE("finalizers have their own limits also where the limit of a shield around their block has passed",
          "[scope][B4][B5]") {
  lines seen;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto block = [&](exit_stack& stack) -> task<> {
      stack.push(note_later, std::ref(seen), "first");
      stack.push([&seen]() -> task<> {
        co_await sleep_for(2s); // the shield's limit passes meanwhile
        seen.push_back("second");
      });
      co_await sleep_for(1s);
    };
    const outcome<> unwound = co_await as_outcome(shield(2s, in_exit_stack(block)));
    CHECK(unwound.has_value()); // late, but there
    CHECK(now() == instant{4s});
    const auto waits = [&](exit_stack& stack) -> task<> {
      stack.push(note_later, std::ref(seen), "third");
      co_await sleep_for_ever();
    };
    const outcome<> stopped = co_await as_outcome(shield(2s, in_exit_stack(waits)));
    CHECK_THROWS_AS(outcome<>{stopped}.value(), in_doubt);
    CHECK(now() == instant{7s});
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"second", "first", "third"});
}

TEST_CASE("a long chain of failing finalizers keeps every error", "[scope][ES-052]") {
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    for (int i = 0; i < 1'000; ++i)
      stack.push([i] { throw std::runtime_error{std::to_string(i)}; });
    co_return;
  });
  CHECK(message_of(ended.error()) == "999");
  const lines attached = attached_to(ended.error());
  REQUIRE(attached.size() == 999);
  CHECK(attached.front() == "998");
  CHECK(attached.back() == "0");
}

TEST_CASE("an error is swallowed by whoever awaits the block, not by a finalizer",
          "[scope][ES-009][ES-014][ES-046][ES-054][ES-055]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& outer) -> task<> {
    outer.push([&seen](const outcome<>& how) { seen.push_back(how.has_value() ? "value" : "error"); });
    const auto inner = [](exit_stack& stack) -> task<> {
      stack.push(fail, "cleanup");
      fail("the body");
      co_return;
    };
    const outcome<> swallowed = co_await as_outcome(in_exit_stack(inner));
    CHECK(message_of(swallowed.error()) == "the body");
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"value"});
}
