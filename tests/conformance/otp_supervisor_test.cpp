// Cases of OTP's supervisor_SUITE that no test in tests/supervision/ shows as a whole; see docs/conformance.md.

#include <troupe/supervision/supervisor.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/supervision/children.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Starts, and fails after a while; its further runs do what `again` says.
enum class again { fails_to_start, is_ignored };
task<> starts_once(startup up, std::shared_ptr<int> runs, again then) {
  if (++*runs > 1) {
    if (then == again::is_ignored)
      co_return;
    throw std::runtime_error("it does not start");
  }
  up.started();
  co_await sleep_for(1s);
  throw std::runtime_error("it fails");
}

/// Numbers of runs. (A call, because g++ 12 makes no list in an expression that awaits.)
std::vector<int> in_runs(auto... numbers) { return {numbers...}; }

/// Fails to start in the runs whose numbers are in `bad`; in the others it starts, and serves.
task<> starts_but_in(startup up, std::shared_ptr<int> runs, std::vector<int> bad, std::string& log, std::string name) {
  const int run = ++*runs;
  for (const int each : bad)
    if (each == run) {
      log += name + "! ";
      throw std::runtime_error("it does not start");
    }
  up.started();
  log += name + " ";
  co_await serving();
}

} // namespace

TEST_CASE("a supervisor that has nothing to supervise is ignored by its own", "[conformance][OTP-002]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const auto nothing = [](startup) -> task<> { co_await supervise({}, [](supervisor&) -> task<> { co_return; }); };
    const supervised ignored = co_await top.start({.name = "sub"}, nothing);
    CHECK(ignored.state() == child_status::down);
    CHECK(top.count().listed == 1);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a dynamic child that is ignored leaves no record, and the supervisor stops cleanly",
          "[conformance][OTP-007]") {
  const outcome<> ended = supervised_by({.strategy = restart_strategy::dynamic}, [](supervisor& top) -> task<> {
    for (int i = 0; i < 3; ++i)
      co_await top.start({}, [](startup) -> task<> { co_return; });
    CHECK(top.count().listed == 0);
    co_await top.start({}, serving);
    CHECK(top.children().size() == 1);
  });
  CHECK(ended.has_value());
}

TEST_CASE("options that make no sense are an error of the block, and nothing was started",
          "[conformance][OTP-008][OTP-028]") {
  bool began = false;
  const auto body = [&began](supervisor&) -> task<> {
    began = true;
    co_return;
  };
  const outcome<> ended = supervised_by({.period = 0s}, body);
  CHECK(message_of(ended.error()).find("the period of its intensity must be longer than nothing") != std::string::npos);
  CHECK_FALSE(began);
}

TEST_CASE("a restart by hand that fails leaves the child listed and down", "[conformance][OTP-011]") {
  std::string log;
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    const supervised it = co_await top.start({.name = "it"}, starts_but_in, std::make_shared<int>(0), in_runs(2),
                                             std::ref(log), std::string("it"));
    co_await top.stop("it");
    const outcome<> failed = co_await as_outcome(top.restart("it"));
    CHECK(message_of(failed.error()) == "the child \"it\" did not start: it does not start");
    CHECK(it.state() == child_status::down);
    CHECK(top.find("it") == it);
    co_await top.restart("it");
    CHECK(it.state() == child_status::running);
  });
  CHECK(ended.has_value());
  CHECK(log == "it it! it ");
}

TEST_CASE("the defaults of a child are those of OTP", "[conformance][OTP-013]") {
  const child_spec spec;
  CHECK(spec.restart == restart_type::permanent);
  CHECK_FALSE(spec.significant);
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    std::string log;
    co_await top.start({.name = "it"}, in_a_shield, std::ref(log), 1h);
    co_await sleep_for(1s);
    co_await top.stop("it");
    CHECK(now() == instant{6s}); // a worker has five seconds
    CHECK_FALSE(top.find("other"));
  });
  CHECK(ended.has_value());
}

TEST_CASE("when another child cannot be started again with all, the supervisor tries until it gives up",
          "[conformance][OTP-033][OTP-042]") {
  for (const restart_strategy strategy : {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    std::string log;
    const outcome<> ended = supervised_by({.strategy = strategy, .intensity = 3}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "failing"}, failing_after, 1s);
      co_await top.start({.name = "never"}, starts_but_in, std::make_shared<int>(0), in_runs(2, 3, 4, 5, 6),
                         std::ref(log), std::string("never"));
      co_await top.run();
    });
    REQUIRE(ended.has_error());
    CHECK(message_of(ended.error()).find("gives up: /never") != std::string::npos);
    CHECK(log == "never never! never! never! ");
  }
}

TEST_CASE(
    "when a later child cannot be started again, all that were started with it are stopped, and all are tried again",
    "[conformance][OTP-034][OTP-043]") {
  const auto log_with = [](restart_strategy strategy) {
    std::string log;
    const outcome<> ended = supervised_by({.strategy = strategy, .intensity = 3}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "a"}, slow_to_stop, std::ref(log), std::string("a"), 0s);
      const supervised b = co_await top.start({.name = "b"}, slow_to_stop, std::ref(log), std::string("b"), 0s);
      co_await top.start({.name = "c"}, starts_but_in, std::make_shared<int>(0), in_runs(2), std::ref(log),
                         std::string("c"));
      b.kill();
      co_await sleep_for(1s);
      log += "| ";
    });
    CHECK(ended.has_value());
    return log;
  };
  CHECK(log_with(restart_strategy::one_for_all) == "+a +b c -b -a +a +b c! -b -a +a +b c | -b -a ");
  CHECK(log_with(restart_strategy::rest_for_one) ==
        "+a +b c -b +b c! c | -b -a "); // b is before the one that fails then
}

TEST_CASE("a dynamic child whose restart is ignored is forgotten without an error", "[conformance][OTP-040]") {
  for (const restart_type type : {restart_type::permanent, restart_type::transient}) {
    const outcome<> ended = supervised_by({.strategy = restart_strategy::dynamic}, [type](supervisor& top) -> task<> {
      co_await top.start({.restart = type}, starts_once, std::make_shared<int>(0), again::is_ignored);
      co_await sleep_for(2s);
      CHECK(top.count().listed == 0);
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("a child that catches whatever it can cannot keep its supervisor from stopping it",
          "[conformance][OTP-055]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const auto stubborn = []() -> task<> {
      for (;;)
        static_cast<void>(co_await as_outcome(serving()));
    };
    co_await top.start({.name = "stubborn"}, stubborn);
    co_await top.stop("stubborn");
    CHECK(now() == instant{0s});
    co_await top.start({.name = "next"}, serving);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a significant supervisor that stops by itself stops the one above it, and another one does not",
          "[conformance][OTP-063]") {
  for (const bool significant : {true, false}) {
    simulator simulated{in_any_order()};
    const outcome<> ended = simulated.run([significant]() -> task<> {
      co_await supervise({.stops = auto_shutdown::any_significant}, [significant](supervisor& top) -> task<> {
        const auto sub = []() -> task<> {
          co_await supervise({.stops = auto_shutdown::any_significant}, [](supervisor& below) -> task<> {
            const child_spec spec{.name = "work", .restart = restart_type::temporary, .significant = true};
            co_await below.start(spec, []() -> task<> { co_await sleep_for(1s); });
            co_await below.run();
          });
        };
        const child_spec spec{.name = "sub", .restart = restart_type::transient, .significant = significant};
        co_await top.start(spec, sub);
        co_await sleep_for(1h);
      });
    });
    CHECK(ended.has_value());
    CHECK(simulated.clock().now() == (significant ? instant{1s} : instant{1h}));
  }
}

TEST_CASE("the counts of children agree with their list, for workers and for supervisors",
          "[conformance][OTP-071][OTP-072][OTP-093]") {
  const auto supervising = []() -> task<> {
    co_await supervise({}, [](supervisor& top) -> task<> { co_await top.run(); });
  };
  const outcome<> ended = supervised_by({.strategy = restart_strategy::dynamic}, [&](supervisor& top) -> task<> {
    for (const bool workers : {true, false}) {
      for (std::size_t wanted : {std::size_t{100}, std::size_t{200}}) {
        while (top.count().listed < wanted)
          if (workers)
            co_await top.start({.restart = restart_type::temporary}, serving);
          else
            co_await top.start({.restart = restart_type::temporary}, supervising);
        CHECK(top.count().active == wanted);
        CHECK(top.children().size() == wanted);
      }
      for (const supervised& each : top.children())
        each.kill();
      co_await sleep_for(1s);
      CHECK(top.count().listed == 0);
      CHECK(top.count().active == 0);
      CHECK(top.children().empty());
    }
  });
  CHECK(ended.has_value());
}

TEST_CASE("while a child fails again and again its supervisor answers, and can stop it, and itself",
          "[conformance][OTP-081][OTP-082]") {
  for (const restart_strategy strategy : {restart_strategy::rest_for_one, restart_strategy::dynamic}) {
    const bool in_order = strategy != restart_strategy::dynamic;
    const outcome<> ended = supervised_by(
        {.strategy = strategy, .intensity = 1'000, .backoff = {.initial = 1s, .longest = 1s, .jitter = 0}},
        [in_order](supervisor& top) -> task<> {
          const auto named = [in_order](const char* name) {
            return child_spec{.name = in_order ? std::string_view(name) : std::string_view()};
          };
          const supervised before = co_await top.start(named("before"), serving);
          const supervised failing =
              co_await top.start(named("failing"), starts_once, std::make_shared<int>(0), again::fails_to_start);
          const supervised after = co_await top.start(named("after"), serving);
          co_await sleep_for(10500ms);
          CHECK(before.incarnation() == 1);
          CHECK(failing.incarnation() > 3);
          CHECK(failing.state() == child_status::backing_off);
          CHECK(after.state() == (in_order ? child_status::down : child_status::running));
          CHECK(top.count().active == (in_order ? 1U : 2U));
          if (in_order) {
            co_await top.stop("failing");
            co_await sleep_for(1s);
            CHECK(after.state() == child_status::running); // the restart goes on without it
          }
        });
    CHECK(ended.has_value());
  }
}

TEST_CASE("a dynamic child is stopped by its handle, and not by a name", "[conformance][OTP-014][OTP-024]") {
  const outcome<> ended = supervised_by({.strategy = restart_strategy::dynamic}, [](supervisor& top) -> task<> {
    const supervised it = co_await top.start({.restart = restart_type::transient}, serving);
    const supervised other = co_await top.start({}, serving);
    CHECK_FALSE(top.find(it.name()));
    it.cancel();
    it.cancel();
    co_await sleep_for(1s);
    CHECK(top.children() == std::vector{other});
    it.kill(); // it has gone, and nobody else is meant
    co_await sleep_for(1s);
    CHECK(other.incarnation() == 1);
  });
  CHECK(ended.has_value());
}
