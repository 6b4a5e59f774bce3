// Trio's cases about the life of scopes: before they are entered, how they are left, and waits that cannot be given up.

#include "gate.hpp"

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/runtime/child_process.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> endless() { co_await wait_for_ever(); }

/// An error whose death is counted.
struct counted_error : std::runtime_error {
  explicit counted_error(census& of) : std::runtime_error("counted"), in(of) {}
  counted in;
};

task<> holds(census& alive) {
  const counted local{alive};
  co_await wait_for_ever();
}

task<> fails(census& alive) {
  const counted local{alive};
  co_await yield();
  throw counted_error{alive};
}

} // namespace

TEST_CASE("a child that is cancelled before it runs begins, and ends at its first wait", "[conformance][TR-032]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    bool begun = false;
    bool behind = false;
    std::optional<child<>> one;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        one.emplace(group.start([&]() -> task<> {
          begun = true;
          static_cast<void>(co_await fail_after(1s, endless()));
          behind = true;
        }));
        one->cancel();
      });
    });
    CHECK(ended.has_value());
    CHECK(begun);
    CHECK_FALSE(behind);
    CHECK(one->result().cancelled());
    one->cancel(); // it has ended: too late, and harmless
    CHECK(simulated.time().now() == instant{});
  });
}

TEST_CASE("a scope stays where it was entered", "[conformance][TR-032]") {
  STATIC_REQUIRE_FALSE(std::is_move_constructible_v<cancel_scope>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<cancel_scope>);
  STATIC_REQUIRE_FALSE(std::is_move_constructible_v<task_group>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<task_group>);
  STATIC_REQUIRE_FALSE(std::is_default_constructible_v<task_group>);
}

TEST_CASE("a task with its limit that is awaited a second time ends the program with a sentence",
          "[conformance][TR-032]") {
  if (in_child_process()) {
    simulator simulated{in_any_order()};
    static_cast<void>(simulated.run([]() -> task<> {
      auto limited = move_on_after(1s, endless());
      static_cast<void>(co_await std::move(limited));
      static_cast<void>(co_await std::move(limited));
    }));
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == -SIGABRT);
  INFO(child.output);
  CHECK(child.output.find("awaited before") != std::string::npos);
}

TEST_CASE("a scope that is left inside of another one that is still entered ends the program with a sentence",
          "[conformance][TR-033]") {
  if (in_child_process()) {
    simulator simulated{in_any_order()};
    static_cast<void>(simulated.run([]() -> task<> {
      std::optional<cancel_scope> outer;
      outer.emplace(*this_fiber::pointer());
      const cancel_scope inner{*this_fiber::pointer()};
      outer.reset();
      co_return;
    }));
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == -SIGABRT);
  INFO(child.output);
  CHECK(child.output.find("in the reverse order of entering") != std::string::npos);
}

TEST_CASE("a cancel does not end a wait that cannot be given up, and is taken at the next one",
          "[conformance][TR-041]") {
  simulator simulated{{.clock = clock_mode::manual}};
  gate stubborn;
  std::vector<std::string> log;
  const auto top = make_root(simulated, [&]() -> task<> {
    log.push_back("sleep");
    co_await stubborn.pass();
    log.push_back("woke");
    co_await checkpoint();
    log.push_back("behind the cancel");
  });
  top->start();
  simulated.run_until_idle();
  top->cancel();
  simulated.run_until_idle();
  CHECK_FALSE(top->has_ended());
  CHECK(log == std::vector<std::string>{"sleep"});
  stubborn.open();
  simulated.run_until_idle();
  CHECK(top->take().cancelled());
  CHECK(log == std::vector<std::string>{"sleep", "woke"});
}

TEST_CASE("two cancels of a wait that ends later are one stop, and it comes when the wait has ended",
          "[conformance][TR-068][TR-069]") {
  recorder sink;
  simulator simulated{{.clock = clock_mode::manual, .sink = &sink}};
  gate slow;
  bool behind_wait = false;
  bool behind_inner = false;
  bool behind_outer = false;
  const auto top = make_root(simulated, [&]() -> task<> {
    static_cast<void>(co_await move_on_after(1s, [&]() -> task<> {
      static_cast<void>(co_await move_on_after(2s, [&]() -> task<> {
        co_await slow.pass(); // what takes long to give up
        co_await checkpoint();
        behind_wait = true;
      }()));
      behind_inner = true;
    }()));
    behind_outer = true;
  });
  top->start();
  simulated.advance(3s); // both limits have passed
  CHECK_FALSE(top->has_ended());
  CHECK(sink.count(event_kind::cancel_requested) == 2);
  slow.open();
  simulated.run_until_idle();
  REQUIRE(top->has_ended());
  CHECK_FALSE(behind_wait);
  CHECK_FALSE(behind_inner); // both are cancelled, and the outer one absorbs
  CHECK(behind_outer);
  CHECK(sink.count(event_kind::wait_granted) == 1);
  CHECK(sink.count(event_kind::wait_stopped) == 0);
  CHECK(top->take().has_value());
}

TEST_CASE("an error behind a cancel that stopped nothing is an error, and no cancel", "[conformance][TR-107]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    std::optional<child<>> own;
    const auto group = co_await as_outcome(in_task_group([&](task_group& in) {
      own.emplace(in.start([&]() -> task<> {
        own->cancel();
        throw std::runtime_error{"no wait was met"};
        co_return;
      }));
    }));
    CHECK(group_of(group).errors().size() == 1);
    CHECK(own->result().has_error());
    CHECK_FALSE(own->result().cancelled());
  });
  CHECK(ended.has_value());
}

TEST_CASE("the locals of a cancelled child are gone when its group has ended", "[conformance][TR-104]") {
  over_seeds(20, [](const simulation_options& options) {
    census alive;
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start(holds, std::ref(alive));
        group.cancel();
      });
      CHECK(alive.alive() == 0);
    });
    CHECK(ended.has_value());
    CHECK(alive.made.load() == 1); // it has begun
  });
}

TEST_CASE("scopes and groups that were cancelled or failed leave nothing behind",
          "[conformance][TR-101][TR-102][TR-103]") {
  over_seeds(20, [](simulation_options options) {
    options.clock = clock_mode::autojump;
    census alive;
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      for (int i = 0; i < 2; ++i) { // a scope that is cancelled
        static_cast<void>(co_await move_on_after(1s, holds(alive)));
        CHECK(alive.alive() == 0);
      }
      { // a group that fails
        const auto failed =
            co_await as_outcome(in_task_group([&](task_group& group) { group.start(fails, std::ref(alive)); }));
        CHECK(failed.has_error());
        CHECK(alive.alive() == 1); // the error, which we hold
      }
      CHECK(alive.alive() == 0);
      { // a group that fails, with others that it stops, in a scope that is cancelled
        const auto failed = co_await as_outcome(move_on_after(1s, in_task_group([&](task_group& group) -> task<> {
                                                                group.start(holds, std::ref(alive));
                                                                co_await sleep_for(1s);
                                                                group.start(fails, std::ref(alive));
                                                              })));
        CHECK_FALSE(failed.cancelled());
      }
      CHECK(alive.alive() == 0);
      co_await in_task_group([](task_group& group) { group.cancel(); }); // a group that was cancelled, and is empty
    });
    CHECK(ended.has_value());
    CHECK(alive.alive() == 0);
    CHECK(simulated.clock().timers() == 0);
  });
}
