// Which children are started anew, how often, and what then: cases of OTP's supervisor_SUITE.

#include <troupe/supervision/supervisor.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/supervision/children.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr restart_strategy strategies[] = {restart_strategy::one_for_one, restart_strategy::one_for_all,
                                           restart_strategy::rest_for_one, restart_strategy::dynamic};

child_spec named(const char* name, restart_strategy strategy) {
  return {.name = strategy == restart_strategy::dynamic ? std::string_view() : std::string_view(name)};
}

/// Starts, and fails after a second; does not start again.
task<> starts_once(startup up, std::shared_ptr<int> runs) {
  if (++*runs > 1)
    throw std::runtime_error("it does not start");
  up.started();
  co_await sleep_for(1s);
  throw std::runtime_error("it fails");
}

/// Ends after a second, with or without an error.
task<> ends(bool fails) {
  co_await sleep_for(1s);
  if (fails)
    throw std::runtime_error("it fails");
}

} // namespace

TEST_CASE("with each strategy a child fails as often as the intensity, and once more takes all down",
          "[conformance][OTP-030][OTP-032][OTP-035][OTP-041]") {
  for (const restart_strategy strategy : strategies) {
    std::string log;
    std::vector<std::uint64_t> incarnations;
    const auto body = [&](supervisor& top) -> task<> {
      const supervised before = co_await top.start(named("before", strategy), serving);
      const supervised failing = co_await top.start(named("failing", strategy), failing_after, 1s);
      const supervised after = co_await top.start(named("after", strategy), serving);
      co_await top.start(named("last", strategy), slow_to_stop, std::ref(log), std::string("last"), 0s);
      co_await sleep_for(2500ms);
      for (const supervised& each : {before, failing, after})
        incarnations.push_back(each.incarnation());
      CHECK(top.count().active == 4);
      log = "";
      co_await top.run();
    };
    simulator simulated{in_any_order()};
    const auto run = [&]() -> task<> { co_await supervise({.strategy = strategy, .intensity = 2}, body); };
    const outcome<> ended = simulated.run(run);
    INFO(to_string(strategy));
    CHECK(message_of(ended.error()).find("that is one restart too many") != std::string::npos);
    CHECK(simulated.clock().now() == instant{3s});
    const std::uint64_t earlier = strategy == restart_strategy::one_for_all ? 3 : 1;
    const std::uint64_t later =
        strategy == restart_strategy::one_for_one || strategy == restart_strategy::dynamic ? 1 : 3;
    CHECK(incarnations == std::vector<std::uint64_t>{earlier, 3, later});
    CHECK(log == "-last ");
  }
}

TEST_CASE("a child that does not start again uses up the intensity, and takes the others down",
          "[conformance][OTP-031][OTP-038]") {
  for (const restart_strategy strategy : {restart_strategy::one_for_one, restart_strategy::dynamic}) {
    std::string log;
    const auto runs = std::make_shared<int>(0);
    const auto body = [&](supervisor& top) -> task<> {
      co_await top.start(named("sibling", strategy), slow_to_stop, std::ref(log), std::string("sibling"), 0s);
      co_await top.start(named("it", strategy), starts_once, runs);
      co_await top.run();
    };
    const outcome<> ended = supervised_by({.strategy = strategy, .intensity = 2}, body);
    CHECK(message_of(ended.error()).find("it does not start") != std::string::npos);
    CHECK(*runs == 3);
    CHECK(log == "+sibling -sibling ");
  }
}

TEST_CASE("a transient child that has ended stays, and is started again by hand", "[conformance][OTP-046][OTP-049]") {
  for (const bool returns : {true, false}) {
    const outcome<> ended = supervised_by({}, [returns](supervisor& top) -> task<> {
      const supervised it = co_await top.start({.name = "it", .restart = restart_type::transient}, ends, false);
      if (!returns)
        it.cancel();
      co_await sleep_for(1500ms);
      CHECK(it.state() == child_status::down);
      CHECK(top.count().listed == 1);
      CHECK(top.count().active == 0);
      co_await top.restart("it");
      CHECK(it.state() == child_status::running);
      CHECK(it.incarnation() == 2);
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("a temporary child that has ended is forgotten, and one with its name is started",
          "[conformance][OTP-047][OTP-050][OTP-054]") {
  enum class end { returns, fails, is_cancelled, is_killed };
  for (const end how : {end::returns, end::fails, end::is_cancelled, end::is_killed}) {
    const outcome<> ended = supervised_by({}, [how](supervisor& top) -> task<> {
      const child_spec spec{.name = "it", .restart = restart_type::temporary};
      const supervised it = co_await top.start(spec, ends, how == end::fails);
      if (how == end::is_cancelled)
        it.cancel();
      if (how == end::is_killed)
        it.kill();
      co_await sleep_for(1500ms);
      CHECK(top.count().listed == 0);
      const supervised next = co_await top.start(spec, serving);
      CHECK(next.incarnation() == 1);
      CHECK(top.children() == std::vector{next});
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("the name of a child that is down is taken, and names that nobody has are refused",
          "[conformance][OTP-023][OTP-092]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const supervised it = co_await top.start({.name = "it"}, serving);
    for (const bool is_down : {false, true}) {
      if (is_down)
        co_await top.stop("it");
      const outcome<supervised> twice = co_await as_outcome(top.start({.name = "it"}, serving));
      CHECK(message_of(twice.error()) == "supervisor::start: there is a child \"it\" already");
      CHECK(top.children() == std::vector{it});
      CHECK(top.find("it") == it);
    }
    CHECK_THROWS_AS(static_cast<void>(top.stop("nobody")), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(top.restart("nobody")), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(top.remove("nobody")), std::invalid_argument);
    CHECK_FALSE(top.find("nobody"));
    co_await top.remove("it");
    CHECK(top.children().empty());
    CHECK_THROWS_AS(static_cast<void>(top.remove("it")), std::invalid_argument);
  });
  CHECK(ended.has_value());
}

TEST_CASE(
    "a restart in a subtree stays there, and one of the subtree brings back what its block starts, and nothing else",
    "[conformance][OTP-056]") {
  std::vector<supervisor> below; // each run of it
  const outcome<> ended = supervised_by({}, [&below](supervisor& top) -> task<> {
    const auto branch = [&below]() -> task<> {
      co_await supervise({.intensity = 1}, [&below](supervisor& sub) -> task<> {
        below.push_back(sub);
        co_await sub.start({.name = "static"}, serving);
        co_await sub.run();
      });
    };
    const supervised steady = co_await top.start({.name = "steady"}, serving);
    const supervised sub = co_await top.start({.name = "sub"}, branch);
    co_await sleep_for(1s);
    co_await below[0].start({.name = "added"}, serving);
    below[0].find("static")->kill();
    co_await sleep_for(1s);
    CHECK(below[0].find("static")->incarnation() == 2); // local
    CHECK(below[0].find("added")->incarnation() == 1);
    CHECK(sub.incarnation() == 1);
    below[0].find("static")->kill(); // one too many
    co_await sleep_for(1s);
    CHECK(sub.incarnation() == 2);
    CHECK(steady.incarnation() == 1);
    CHECK(below.size() == 2);
    CHECK(below[0].children().empty());
    CHECK(below[1].count().active == 1);
    CHECK(below[1].find("static")->incarnation() == 1);
    CHECK_FALSE(below[1].find("added"));
  });
  CHECK(ended.has_value());
}

TEST_CASE("of five children the third fails: those after it are stopped last first, and start in their order",
          "[conformance][OTP-087]") {
  std::string log;
  const outcome<> ended = supervised_by({.strategy = restart_strategy::rest_for_one}, [&](supervisor& top) -> task<> {
    for (const char* name : {"a", "b", "c", "d", "e"})
      co_await top.start({.name = name}, slow_to_stop, std::ref(log), std::string(name), 1s);
    log += "| ";
    top.find("c")->kill();
    co_await sleep_for(10s);
    log += "| ";
  });
  CHECK(ended.has_value());
  CHECK(log == "+a +b +c +d +e | -c -e -d +c +d +e | -e -d -c -b -a ");
}
