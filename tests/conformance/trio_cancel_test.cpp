// Trio's cases about cancel scopes: which waits end, which scope absorbs, and what stays behind.

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> endless() { co_await wait_for_ever(); }
task<> nothing() { co_return; }

/// Fails while it is stopped: after the cancel, before it ends.
task<> fails_when_stopped() {
  while (!this_fiber::stop_requested())
    co_await yield();
  throw std::runtime_error{"cleanup failed"};
}

// One operation each, ready at once where that is possible.
task<> checks() { co_await checkpoint(); }
task<> yields() { co_await yield(); }
task<> sleeps() { co_await sleep_for(1s); }
task<> sleeps_not_at_all() { co_await sleep_for(0s); }
task<> sends() {
  const mailbox<int> box{capacity{1}};
  const auto in = box.receiver();
  const auto out = box.sender();
  co_await out.send(1);
}
task<> reserves() {
  const mailbox<int> box{capacity{1}};
  const auto in = box.receiver();
  const auto out = box.sender();
  const auto slot = co_await out.reserve();
  static_cast<void>(slot);
}
task<> receives() {
  const mailbox<int> box{capacity{1}};
  const auto in = box.receiver();
  static_cast<void>(box.sender().try_send(1));
  const auto item = co_await in.receive();
  static_cast<void>(item);
}
task<> joins_a_mailbox() {
  const mailbox<int> box{capacity{1}};
  co_await box.join();
}
task<> waits_for_one_that_has_ended() {
  std::optional<child<>> ended;
  co_await in_task_group([&](task_group& group) { ended.emplace(group.start(nothing)); });
  co_await ended->wait_ended();
}

// What looks like a wait, and is none.
task<> awaits_a_task() { co_await nothing(); }
task<> awaits_an_outcome() { static_cast<void>(co_await as_outcome(nothing())); }
task<> awaits_within_a_limit() { static_cast<void>(co_await move_on_after(1s, nothing())); }
task<> ends_an_empty_group() {
  co_await in_task_group([](task_group&) {});
}

/// Whether `operation` is passed in a group that was cancelled before, or was not.
bool passed(task<> (*operation)(), bool cancelled) {
  simulator simulated{in_any_order()};
  bool reached = false;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      if (cancelled)
        group.cancel();
      co_await operation();
      reached = true;
    });
  });
  CHECK(ended.has_value());
  return reached;
}

} // namespace

TEST_CASE("each wait is a checkpoint, ready or not, and what only calls and groups is none", "[conformance][TR-022]") {
  int number = 0;
  for (const auto wait : {checks, yields, sleeps, sleeps_not_at_all, sends, reserves, receives, joins_a_mailbox,
                          waits_for_one_that_has_ended}) {
    INFO("wait " << number++);
    CHECK(passed(wait, false));
    CHECK_FALSE(passed(wait, true));
  }
  for (const auto none : {awaits_a_task, awaits_an_outcome, awaits_within_a_limit, ends_an_empty_group}) {
    INFO("no wait " << number++);
    CHECK(passed(none, false));
    CHECK(passed(none, true));
  }
}

TEST_CASE("a cancel asked for twice is one cancel, and holds for every scope that is entered later",
          "[conformance][TR-023]") {
  recorder sink;
  simulator simulated{{.sink = &sink}};
  int passed_waits = 0;
  bool behind_limit = false;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.cancel();
      group.cancel();
      // Not the limit's cancel: it absorbs nothing, and the stop goes on through it.
      static_cast<void>(co_await move_on_after(1h, [&]() -> task<> {
        co_await in_task_group([&](task_group&) -> task<> {
          co_await yield();
          ++passed_waits;
        });
        co_await yield();
        ++passed_waits;
      }()));
      behind_limit = true;
    });
  });
  CHECK(ended.has_value());
  CHECK(sink.count(event_kind::cancel_requested) == 1);
  CHECK(passed_waits == 0);
  CHECK_FALSE(behind_limit);
}

TEST_CASE("what a limit and a group have stopped is taken out of the failures, and the one that is real stays",
          "[conformance][TR-024]") {
  over_seeds(50, [](simulation_options options) {
    options.clock = clock_mode::race; // one of them never waits for time
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      const auto within = co_await as_outcome(move_on_after(1s, in_task_group([](task_group& group) {
                                                              const auto alone =
                                                                  group.start(endless); // stopped by its own cancel
                                                              alone.cancel();
                                                              group.start(endless); // these by the limit
                                                              group.start(endless);
                                                              group.start(fails_when_stopped);
                                                            })));
      const error_group failed = group_of(within);
      REQUIRE(failed.errors().size() == 1);
      CHECK(failed.errors()[0].start_index == 3U);
      CHECK(message_of(failed.errors()[0].error) == "cleanup failed");
    });
    CHECK(ended.has_value());
  });
}

TEST_CASE("a cancel reaches all that are below: four leaves of two levels", "[conformance][TR-027]") {
  struct at_exit {
    std::set<std::string>& stopped;
    std::string name;
    explicit at_exit(std::set<std::string>& out, std::string of) : stopped(out), name(std::move(of)) {}
    ~at_exit() {
      if (this_fiber::stopping())
        stopped.insert(name);
    }
  };
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    std::set<std::string> stopped;
    int waiting = 0;
    const auto leaf = [&](std::string name) -> task<> {
      const at_exit says{stopped, name};
      ++waiting;
      co_await wait_for_ever();
    };
    const auto branch = [&](std::string name) -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start(leaf, name + "-l1");
        group.start(leaf, name + "-l2");
      });
    };
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(branch, "w1");
        group.start(branch, "w2");
        while (waiting < 4)
          co_await yield();
        group.cancel();
      });
    });
    CHECK(ended.has_value());
    CHECK(stopped == std::set<std::string>{"w1-l1", "w1-l2", "w2-l1", "w2-l2"});
  });
}

TEST_CASE("of cancelled groups in each other the outermost absorbs the stop", "[conformance][TR-030]") {
  simulator simulated{in_any_order()};
  bool behind_inner = false;
  bool behind_middle = false;
  bool outer_stops = true;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& outer) -> task<> {
      co_await in_task_group([&](task_group& middle) -> task<> {
        co_await in_task_group([&](task_group& inner) -> task<> {
          inner.cancel();
          middle.cancel();
          co_await wait_for_ever();
        });
        behind_inner = true;
      });
      behind_middle = true;
      outer_stops = outer.stopping();
      co_await yield();
    });
  });
  CHECK(ended.has_value());
  CHECK_FALSE(behind_inner);
  CHECK(behind_middle);
  CHECK_FALSE(outer_stops);
}

TEST_CASE("a cancel that no wait has met goes with its group", "[conformance][TR-030]") {
  simulator simulated{in_any_order()};
  bool behind = false;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([](task_group& group) { group.cancel(); });
    CHECK_FALSE(this_fiber::stop_requested());
    co_await yield();
    behind = true;
  });
  CHECK(ended.has_value());
  CHECK(behind);
}
