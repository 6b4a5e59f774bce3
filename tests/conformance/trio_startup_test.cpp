// Cases of Trio's test_run about `start()`, which waits until a child says that it is ready: here a supervisor's.

#include <troupe/scope/attached_errors.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/supervision/children.hpp>

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Says that it has started after a second, and serves; notes whether it was stopped.
task<> starts_slowly(startup up, std::string& log) {
  co_await in_exit_stack([&](exit_stack& stack) -> task<> {
    stack.push([](const outcome<>& how, std::string& to) { to += how.cancelled() ? "stopped " : "ended "; },
               std::ref(log));
    log += "begun ";
    co_await sleep_for(1s);
    up.started();
    log += "started ";
    co_await serving();
  });
}

} // namespace

TEST_CASE("a start waits for the word, twice is once, and a failure or an end before it is the start's",
          "[conformance][TR-078][TR-108]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const auto twice = [](startup up) -> task<> {
      co_await sleep_for(1s);
      up.started();
      up.started();
      co_await serving();
    };
    co_await top.start({.name = "twice"}, twice);
    CHECK(now() == instant{1s});
    const auto fails = [](startup) -> task<> {
      co_await sleep_for(1s);
      throw std::runtime_error("before");
    };
    const outcome<supervised> failed = co_await as_outcome(top.start({.name = "fails"}, fails));
    CHECK(message_of(failed.error()) == "the child \"fails\" did not start: before");
    const auto returns = [](startup) -> task<> { co_return; };
    const supervised ignored = co_await top.start({.name = "returns"}, returns);
    CHECK(ignored.state() == child_status::down);
    const auto later = [](startup up) -> task<> {
      up.started();
      co_await sleep_for(1s);
      throw std::runtime_error("after");
    };
    co_await top.start({.name = "later"}, later); // its failure is the supervisor's, and no longer the start's
    co_await top.run();
  });
  CHECK(message_of(ended.error()).find("/later has ended (failed: after)") != std::string::npos);
}

TEST_CASE("whether a cancel comes before or after the word, the child is stopped", "[conformance][TR-080][TR-081]") {
  for (const bool has_started : {false, true}) {
    std::string log;
    const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
      const auto start_it = [](supervisor of, std::string& to) -> task<> {
        co_await of.start({.name = "it"}, starts_slowly, std::ref(to));
      };
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(start_it, top, std::ref(log));
        const duration wait = has_started ? 1500ms : 500ms;
        co_await sleep_for(wait);
        group.cancel();
      });
      CHECK(top.count().listed == 1); // who waited for the start has gone, and the child has not
      CHECK(top.find("it")->state() == (has_started ? child_status::running : child_status::starting));
    }); // left: all are stopped
    CHECK(ended.has_value());
    CHECK(log == (has_started ? "begun started stopped " : "begun stopped "));
  }
}

TEST_CASE("a start asked of a supervisor that is stopping is refused, with a sentence",
          "[conformance][TR-078][TR-081]") {
  std::string told;
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    const auto asks_late = [&told](supervisor of) -> task<> {
      co_await in_exit_stack([&](exit_stack& stack) -> task<> {
        const auto ask = [](supervisor whom, std::string& answer) -> task<> {
          const outcome<supervised> refused = co_await as_outcome(whom.start({.name = "late"}, serving));
          answer = message_of(refused.error());
        };
        stack.push(ask, of, std::ref(told));
        co_await serving();
      });
    };
    co_await top.start({.name = "asks"}, asks_late, top);
  });
  CHECK(ended.has_value());
  CHECK(told == "the child \"late\" was not started: its supervisor is stopping");
}

TEST_CASE("the error before the word keeps what it was attached to", "[conformance][TR-109]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const auto cleans_up = [](startup) -> task<> {
      co_await in_exit_stack([](exit_stack& stack) -> task<> {
        stack.push([] { throw std::runtime_error("cleanup"); });
        co_await sleep_for(1s);
        throw std::invalid_argument("first");
      });
    };
    co_await top.start({.name = "it"}, cleans_up);
  });
  try {
    std::rethrow_exception(ended.error());
  } catch (const start_failed& failed) {
    CHECK_THROWS_AS(std::rethrow_exception(failed.cause()), std::invalid_argument);
    CHECK(attached_errors(failed.cause()).size() == 1);
  }
}
