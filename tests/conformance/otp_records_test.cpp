// What a supervisor keeps of its children, and what that costs: cases of OTP's supervisor_SUITE.

#include <troupe/supervision/supervisor.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/supervision/children.hpp>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr restart_type types[] = {restart_type::permanent, restart_type::transient, restart_type::temporary};
constexpr restart_strategy in_order[] = {restart_strategy::one_for_one, restart_strategy::one_for_all,
                                         restart_strategy::rest_for_one};

task<> holds(std::shared_ptr<int>) { co_await serving(); }

/// What it takes in seconds of the processor to start and stop so many children.
double cost_of(restart_strategy strategy, std::size_t count) {
  const std::clock_t began = std::clock();
  const auto starts_all = [&](supervisor& top) -> task<> {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = strategy == restart_strategy::dynamic ? "" : "child " + std::to_string(i);
      co_await top.start({.name = name, .restart = restart_type::temporary}, serving);
    }
    CHECK(top.count().active == count);
  };
  // Without the invariants, which look at every child each time.
  const outcome<> ended = supervised_by({.strategy = strategy}, starts_all, simulation_options{});
  CHECK(ended.has_value());
  return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
}

/// How many times as much `times` as many children cost. The least of three, because a machine may be busy.
double growth(restart_strategy strategy, std::size_t few, std::size_t times) {
  double least_of_few = cost_of(strategy, few);
  for (int i = 0; i < 2; ++i)
    least_of_few = std::min(least_of_few, cost_of(strategy, few));
  return cost_of(strategy, few * times) / least_of_few;
}

} // namespace

TEST_CASE("a supervisor keeps the record of a child that has ended, unless it is temporary", "[conformance][OTP-076]") {
  enum class end { is_killed, fails, returns, is_stopped };
  const auto child = [](end how) -> task<> {
    if (how == end::is_killed || how == end::is_stopped)
      co_await serving();
    co_await sleep_for(1s);
    if (how == end::fails)
      throw std::runtime_error("it fails");
  };
  for (const restart_strategy strategy : in_order)
    for (const restart_type type : types)
      for (const end how : {end::is_killed, end::fails, end::returns, end::is_stopped}) {
        const outcome<> ended = supervised_by({.strategy = strategy, .intensity = 3}, [&](supervisor& top) -> task<> {
          const supervised it = co_await top.start({.name = "it", .restart = type}, child, how);
          if (how == end::is_killed)
            it.kill();
          if (how == end::is_stopped)
            co_await top.stop("it");
          co_await sleep_for(1500ms);
          CHECK(top.count().listed == (type == restart_type::temporary ? 0U : 1U));
          const bool up = how != end::is_stopped && restarts_after(type, how == end::is_killed ? exit_kind::killed
                                                                         : how == end::fails   ? exit_kind::failed
                                                                                               : exit_kind::normal);
          CHECK(top.count().active == (up ? 1U : 0U));
        });
        CHECK(ended.has_value());
      }
}

TEST_CASE("what a child was started with goes with its record, though a handle stays",
          "[conformance][OTP-039][OTP-075]") {
  const auto argument = std::make_shared<int>(0);
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    for (const restart_type type : types) {
      const supervised it = co_await top.start({.name = "it", .restart = type}, holds, argument);
      CHECK(argument.use_count() == 3); // one is kept, one is the run's
      co_await top.stop("it");
      co_await sleep_for(1s); // its fiber has let go
      CHECK(argument.use_count() == (type == restart_type::temporary ? 1 : 2));
      if (type != restart_type::temporary)
        co_await top.remove("it");
      co_await sleep_for(1s);
      CHECK(argument.use_count() == 1);
    }
  });
  CHECK(ended.has_value());
  const outcome<> dynamic = supervised_by({.strategy = restart_strategy::dynamic}, [&](supervisor& top) -> task<> {
    for (const restart_type type : {restart_type::transient, restart_type::temporary}) {
      const supervised it = co_await top.start({.restart = type}, holds, argument);
      it.cancel();
      co_await sleep_for(1s);
      CHECK(argument.use_count() == 1);
    }
  });
  CHECK(dynamic.has_value());
}

TEST_CASE("ten times as many dynamic children cost about ten times as much", "[conformance][OTP-077]") {
  CHECK(growth(restart_strategy::dynamic, 1'000, 10) < 50);
}

TEST_CASE("a hundred times as many children with names cost about a hundred times as much", "[conformance][OTP-088]") {
  CHECK(growth(restart_strategy::one_for_one, 1'000, sanitized ? 20 : 100) < 1'000);
}

TEST_CASE("a failure to start deep in a tree comes up with its cause, level by level", "[conformance][OTP-051]") {
  const auto connect = [](startup) -> task<> {
    co_await sleep_for(1s);
    throw std::invalid_argument("no such host");
  };
  const auto sub = [connect](startup up) -> task<> {
    co_await supervise({}, [&](supervisor& below) -> task<> {
      co_await below.start({.name = "db"}, connect);
      up.started();
      co_await below.run();
    });
  };
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    co_await top.start({.name = "app"}, sub);
    co_await top.run();
  });
  REQUIRE(ended.has_error());
  CHECK(message_of(ended.error()) == "the child \"app\" did not start: the child \"db\" did not start: no such host");
  std::exception_ptr cause = ended.error();
  for (int level = 0; level < 2; ++level)
    try {
      std::rethrow_exception(cause);
    } catch (const start_failed& failed) {
      cause = failed.cause();
    }
  CHECK_THROWS_AS(std::rethrow_exception(cause), std::invalid_argument); // as it was thrown
}
