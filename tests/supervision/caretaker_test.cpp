// What is asked for, or fails, while a supervisor is in the middle of something else.

#include <troupe/supervision/caretaker.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <memory>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Fails `after` its first start; its further runs serve.
task<> fails_first(std::shared_ptr<int> runs, duration after) {
  if (++*runs > 1) {
    co_await serving();
    co_return;
  }
  co_await sleep_for(after);
  throw std::runtime_error("it fails");
}

task<> never_says_so(startup) { co_await serving(); }

/// Takes `takes` to be stopped.
task<> lingers(duration takes) {
  co_await in_exit_stack([takes](exit_stack& stack) -> task<> {
    stack.push(
        exit_options{.limit = 1h}, [](duration after) -> task<> { co_await sleep_for(after); }, takes);
    co_await serving();
  });
}

const restart_backoff waits{.initial = 5s, .longest = 5s, .jitter = 0};

/// Calls `body(top, failing)` while `failing` is down and another child is being stopped because of that: with and
/// without a backoff.
template <class Body>
void while_one_for_all_stops(Body body) {
  for (const restart_backoff& backoff : {restart_backoff{}, waits}) {
    const auto both = [&body](supervisor& top) -> task<> {
      co_await top.start({.name = "slow"}, lingers, 3s);
      const supervised failing = co_await top.start({.name = "failing"}, fails_first, std::make_shared<int>(0), 1s);
      co_await sleep_for(2s);
      CHECK(failing.state() == child_status::down);
      co_await body(top, failing);
    };
    CHECK(supervised_by({.strategy = restart_strategy::one_for_all, .backoff = backoff}, both).has_value());
  }
}

} // namespace

TEST_CASE("who waits for the start of a child that is abandoned is told", "[supervision][A8][A10]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const auto stuck = [](startup) -> task<> { co_await lingers(1min); };
    const child_spec spec{.name = "stuck", .shutdown = 1s, .start_timeout = 1s};
    const outcome<supervised> failed = co_await as_outcome(top.start(spec, stuck));
    CHECK(failed.has_error());
    CHECK(now() == instant{3s});
    CHECK(top.count().listed == 0);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that is restarted by name while others are stopped is started with them", "[supervision][OTP-032]") {
  while_one_for_all_stops([](supervisor& top, const supervised& failing) -> task<> {
    co_await top.restart("failing");
    CHECK(failing.state() == child_status::running);
    CHECK(failing.incarnation() == 2);
    CHECK(top.count().active == 2);
  });
}

TEST_CASE("a restart that waits for its turn is told when the child is stopped for good", "[supervision][A8]") {
  while_one_for_all_stops([](supervisor& top, const supervised& failing) -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(
          [](supervisor of) -> task<> {
            const outcome<> asked = co_await as_outcome(of.restart("failing"));
            CHECK(message_of(asked.error()) == "the child \"failing\" did not start, but was stopped");
          },
          top);
      co_await sleep_for(500ms);
      co_await top.stop("failing");
    });
    co_await sleep_for(1min);
    CHECK(top.find("failing") == failing); // it had run, so it is a child
    CHECK(failing.state() == child_status::down);
    co_await top.restart("failing");
    CHECK(failing.incarnation() == 2);
  });
}

TEST_CASE("what waits to be started with others is not forgotten when a later child fails", "[supervision][OTP-041]") {
  const outcome<> ended = supervised_by(
      {.strategy = restart_strategy::rest_for_one, .intensity = 5, .backoff = waits}, [](supervisor& top) -> task<> {
        const supervised first = co_await top.start({.name = "first"}, fails_first, std::make_shared<int>(0), 1s);
        const supervised second = co_await top.start({.name = "second"}, serving);
        co_await sleep_for(2s); // they are down, and wait
        const supervised late = co_await top.start({.name = "late"}, fails_first, std::make_shared<int>(0), 1s);
        co_await sleep_for(1min);
        CHECK(first.state() == child_status::running);
        CHECK(second.state() == child_status::running);
        CHECK(late.state() == child_status::running);
      });
  CHECK(ended.has_value());
}

TEST_CASE("a child that is stopped while its restart hangs stays down", "[supervision][OTP-080]") {
  const outcome<> ended = supervised_by({.intensity = 5}, [](supervisor& top) -> task<> {
    const auto hangs_later = [](startup up, std::shared_ptr<int> runs) -> task<> {
      if (++*runs == 1) {
        up.started();
        co_await sleep_for(1s);
        throw std::runtime_error("it fails");
      }
      co_await lingers(2s);
    };
    const child_spec spec{.name = "it", .start_timeout = 1s};
    const supervised it = co_await top.start(spec, hangs_later, std::make_shared<int>(0));
    co_await sleep_for(2500ms); // its time to start is up, and it is being stopped
    CHECK(it.state() == child_status::stopping);
    co_await top.stop("it");
    CHECK(now() == instant{4s});
    CHECK(it.state() == child_status::down);
    co_await sleep_for(1min);
    CHECK(it.incarnation() == 2);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a restart of all goes on when a child that never started is among those that are stopped",
          "[supervision][OTP-032]") {
  const outcome<> ended = supervised_by({.strategy = restart_strategy::one_for_all}, [](supervisor& top) -> task<> {
    const supervised failing = co_await top.start({.name = "failing"}, fails_first, std::make_shared<int>(0), 1500ms);
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(
          [](supervisor of) -> task<> {
            const auto late = [](startup) -> task<> { co_await lingers(1s); };
            const child_spec spec{.name = "late", .start_timeout = 1s};
            static_cast<void>(co_await as_outcome(of.start(spec, late)));
          },
          top);
      co_await sleep_for(10s);
    });
    CHECK(failing.state() == child_status::running);
    CHECK(top.count().listed == 1);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that is stopped with others before it had started is started with them, and who waits is told then",
          "[supervision][A8]") {
  const outcome<> ended = supervised_by({.strategy = restart_strategy::one_for_all}, [](supervisor& top) -> task<> {
    co_await top.start({.name = "failing"}, fails_first, std::make_shared<int>(0), 1s);
    const auto slow = [](startup up) -> task<> {
      co_await sleep_for(2s);
      up.started();
      co_await serving();
    };
    const supervised it = co_await top.start({.name = "slow"}, slow);
    CHECK(now() == instant{3s});
    CHECK(it.incarnation() == 2);
    CHECK(it.state() == child_status::running);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that is stopped by name before it had started is no child", "[supervision][A8]") {
  for (const restart_type type : {restart_type::permanent, restart_type::temporary}) {
    const outcome<> ended = supervised_by({}, [type](supervisor& top) -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(
            [](supervisor of) -> task<> {
              co_await sleep_for(1s);
              co_await of.stop("it");
            },
            top);
        const child_spec spec{.name = "it", .restart = type};
        const outcome<supervised> failed = co_await as_outcome(top.start(spec, never_says_so));
        CHECK(message_of(failed.error()) == "the child \"it\" did not start, but was stopped");
      });
      CHECK(top.count().listed == 0);
      co_await top.start({.name = "it"}, serving);
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("a significant child that runs again counts again", "[supervision][OTP-059]") {
  const outcome<> ended =
      supervised_by({.intensity = 5, .stops = auto_shutdown::all_significant}, [](supervisor& top) -> task<> {
        const child_spec a{.name = "a", .restart = restart_type::transient, .significant = true};
        const child_spec b{.name = "b", .restart = restart_type::transient, .significant = true};
        const supervised first = co_await top.start(a, serving);
        const supervised second = co_await top.start(b, serving);
        first.cancel();
        co_await sleep_for(1s);
        co_await top.restart("a");
        second.cancel();
        co_await sleep_for(1s);
        CHECK(first.state() == child_status::running);
        first.cancel();
        co_await sleep_for(1h);
        CHECK(false); // the last one has ended: all is stopped
      });
  CHECK(ended.has_value());
}

TEST_CASE("an actor that was stopped by its address is not started with others, nor again while it starts",
          "[supervision][C3][A7]") {
  struct word {};
  const auto listener = [](inbox<message<word>> in, startup up) -> task<> {
    co_await sleep_for(1s);
    up.started();
    while (auto next = co_await in.receive())
      co_await next->match([](word&) {});
  };
  const outcome<> ended =
      supervised_by({.strategy = restart_strategy::one_for_all, .intensity = 9}, [&](supervisor& top) -> task<> {
        const auto ref = co_await top.start_actor({.name = "actor"}, listener);
        const supervised other = co_await top.start({.name = "other"}, serving);
        ref.stop_now();
        co_await sleep_for(1s);
        other.kill();
        co_await sleep_for(5s);
        CHECK(top.find("actor")->state() == child_status::down);
        CHECK(other.incarnation() == 2);
        co_await top.restart("actor");
        top.find("actor")->kill();
        co_await sleep_for(500ms); // it is starting again
        ref.stop_now();
        co_await sleep_for(5s);
        CHECK(top.find("actor")->state() == child_status::down);
        CHECK(top.find("actor")->incarnation() == 3);
      });
  CHECK(ended.has_value());
}

TEST_CASE("a transient actor that had returned is started with others, and takes messages again",
          "[supervision][A7][OTP-032]") {
  struct last_word {};
  const auto listener = [](inbox<message<last_word>> in) -> task<> {
    if (auto next = co_await in.receive())
      co_await next->match([](last_word&) {});
  };
  const outcome<> ended = supervised_by({.strategy = restart_strategy::one_for_all}, [&](supervisor& top) -> task<> {
    const actor_spec spec{.name = "actor", .restart = restart_type::transient};
    const auto ref = co_await top.start_actor(spec, listener);
    const supervised other = co_await top.start({.name = "other"}, serving);
    co_await ref.tell<last_word>();
    co_await sleep_for(1s);
    const send_status closed = co_await ref.tell<last_word>();
    CHECK(closed == send_status::closed);
    other.kill();
    co_await sleep_for(1s);
    const send_status open = co_await ref.tell<last_word>();
    CHECK(open == send_status::accepted);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that is killed by its handle while it stops has its whole grace, and is not abandoned before",
          "[supervision][A10]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    executor& runs_on = this_fiber::pointer()->runs_on();
    const child_spec spec{.name = "it", .shutdown = 1s, .abandon_after = 1min};
    const supervised it = co_await top.start(spec, lingers, 3s);
    it.kill();
    co_await top.stop("it");
    CHECK(now() == instant{3s});
    CHECK(runs_on.abandoned() == 0);
    CHECK(it.state() == child_status::down);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that was stopped with others before it had started, and then fails to, is no child",
          "[supervision][OTP-010]") {
  const outcome<> ended =
      supervised_by({.strategy = restart_strategy::one_for_all, .intensity = 9}, [](supervisor& top) -> task<> {
        co_await top.start({.name = "failing"}, fails_first, std::make_shared<int>(0), 1s);
        const auto fails_again = [](startup, std::shared_ptr<int> runs) -> task<> {
          if (++*runs > 1)
            throw std::runtime_error("no port");
          co_await serving();
        };
        const outcome<supervised> failed =
            co_await as_outcome(top.start({.name = "it"}, fails_again, std::make_shared<int>(0)));
        CHECK(message_of(failed.error()) == "the child \"it\" did not start: no port");
        CHECK(top.count().listed == 1);
      });
  CHECK(ended.has_value());
}

TEST_CASE("who removes a child is told that it is gone, though another one has its name by then", "[supervision]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    co_await top.start({.name = "it"}, serving);
    co_await top.stop("it");
    co_await in_task_group([&](task_group& group) {
      group.start([](supervisor of) -> task<> { co_await of.remove("it"); }, top);
      group.start(
          [](supervisor of) -> task<> {
            while (of.find("it"))
              co_await yield();
            co_await of.start({.name = "it"}, serving);
          },
          top);
    });
    CHECK(top.find("it")->state() == child_status::running);
  });
  CHECK(ended.has_value());
}
