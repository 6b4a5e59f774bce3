#include <troupe/supervision/supervised_child.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/supervision/supervisor.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Says that it has started after a while, and serves.
task<> starts_after(startup up, duration takes) {
  co_await sleep_for(takes);
  up.started();
  up.started();
  co_await serve_for_ever();
}
task<> fails_to_start(startup, duration after) {
  co_await sleep_for(after);
  throw std::runtime_error("no port");
}
task<> has_nothing_to_start(startup) { co_return; }

} // namespace

TEST_CASE("who starts a child waits until it says that it has started", "[supervision][A8]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const supervised up = co_await top.start({.name = "up"}, starts_after, 2s);
    CHECK(now() == instant{2s});
    CHECK(up.state() == child_status::running);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that fails before it has started is no child, and its error is that of the start",
          "[supervision][OTP-010][OTP-012]") {
  for (const restart_strategy strategy : {restart_strategy::one_for_one, restart_strategy::dynamic}) {
    const outcome<> ended = supervised_by({.strategy = strategy}, [](supervisor& top) -> task<> {
      const outcome<supervised> failed = co_await as_outcome(top.start({}, fails_to_start, 1s));
      REQUIRE(failed.has_error());
      CHECK(message_of(failed.error()).find("did not start: no port") != std::string::npos);
      CHECK(top.count().listed == 0);
      CHECK(now() == instant{1s});
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("when the k-th child fails to start, those before it are stopped, last first", "[supervision][A9]") {
  std::string log;
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    co_await top.start({.name = "a"}, slow_to_stop, std::ref(log), std::string("a"), 1s);
    co_await top.start({.name = "b"}, slow_to_stop, std::ref(log), std::string("b"), 1s);
    co_await top.start({.name = "c"}, fails_to_start, 1s);
  });
  REQUIRE(ended.has_error());
  CHECK(message_of(ended.error()) == "the child \"c\" did not start: no port");
  CHECK(log == "+a +b -b -a ");
}

TEST_CASE("a child that does not say in time that it has started is stopped, and that is its failure to start",
          "[supervision][A8]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const outcome<supervised> failed =
        co_await as_outcome(top.start({.name = "late", .start_timeout = 3s}, starts_after, 1h));
    REQUIRE(failed.has_error());
    CHECK(message_of(failed.error()).find("within its start_timeout") != std::string::npos);
    CHECK(now() == instant{3s});
    CHECK(top.count().listed == 0);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that returns before it has started is ignored: listed and down, or forgotten where it is temporary",
          "[supervision][OTP-003][OTP-004][OTP-005][OTP-006]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await supervise({}, [](supervisor& top) -> task<> {
      const supervised ignored = co_await top.start({.name = "ignored"}, has_nothing_to_start);
      CHECK(ignored.state() == child_status::down);
      co_await top.start({.name = "gone", .restart = restart_type::temporary}, has_nothing_to_start);
      co_await top.start({.name = "next"}, serving);
      CHECK(top.count().listed == 2);
      CHECK(top.count().active == 1);
    });
    co_await supervise({.strategy = restart_strategy::dynamic}, [](supervisor& top) -> task<> {
      co_await top.start({}, has_nothing_to_start);
      CHECK(top.count().listed == 0);
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child may start others under its own supervisor before it has started itself", "[supervision][A8]") {
  std::string log;
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    co_await top.start(
        {.name = "parent"},
        [](startup up, supervisor of, std::string& to) -> task<> {
          to += "+parent ";
          co_await of.start({.name = "sibling"}, starts_after, 1s);
          to += "sibling ";
          up.started();
          co_await serve_for_ever();
        },
        top, std::ref(log));
    log += "started ";
    CHECK(now() == instant{1s});
    CHECK(top.count().active == 2);
  });
  CHECK(ended.has_value());
  CHECK(log == "+parent sibling started ");
}

TEST_CASE("a restart that fails to start counts as one, and is tried again", "[supervision][A5][OTP-073][OTP-080]") {
  int runs = 0;
  const outcome<> ended = supervised_by({.intensity = 3, .period = 1h}, [&](supervisor& top) -> task<> {
    co_await top.start(
        {.name = "flaky", .restart = restart_type::transient},
        [](startup up, int& count) -> task<> {
          if (++count == 1) {
            up.started();
            co_await sleep_for(1s);
          }
          throw std::runtime_error("no port");
        },
        std::ref(runs));
    co_await top.run();
  });
  REQUIRE(ended.has_error());
  CHECK(runs == 4);
}

TEST_CASE("a start that is waited for by nobody any more goes on", "[supervision]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const bool in_time = (co_await move_on_after(1s, top.start({.name = "slow"}, starts_after, 2s))).has_value();
    CHECK_FALSE(in_time);
    co_await sleep_for(2s);
    const std::optional<supervised> slow = top.find("slow");
    REQUIRE(slow);
    CHECK(slow->state() == child_status::running);
  });
  CHECK(ended.has_value());
}
