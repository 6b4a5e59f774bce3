#include <troupe/testing/matchers.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/endless_wait.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/testing/explore.hpp>

#include <chrono>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

task<> serves() { co_await detail::endless_wait{fiber::wait_kind::daemon, "serve"}; }

task<> fails_in_its_first_runs(int& runs, int failures) {
  if (++runs <= failures) {
    co_await sleep_for(1s);
    throw std::runtime_error("it fails");
  }
  co_await serves();
}

/// `db` fails twice, a second after its start; then all are stopped.
task<> two_crashes(simulation& sim) {
  int& runs = sim.make<int>(0);
  co_await supervise({.intensity = 2, .period = 1min}, [&](supervisor& top) -> task<> {
    co_await top.start({.name = "db"}, fails_in_its_first_runs, std::ref(runs), 2);
    co_await top.start({.name = "cache"}, serves);
    co_await sleep_for(1h);
  });
}

/// What a matcher says of it.
std::string said_by(const matcher& what) {
  std::string said;
  simulate(1, [&](simulation& sim) -> task<> {
    sim.at_end([&] {
      said = what.problem(sim.seen());
      return std::string();
    });
    co_await two_crashes(sim);
  });
  return said;
}

} // namespace

TEST_CASE("a matcher of restarts counts them by the end of a path", "[testing]") {
  CHECK(said_by(restarted("/db", 2)) == "");
  CHECK(said_by(restarted("db", 1)) == "db was started anew 2 times, not 1");
  CHECK(said_by(restarted("cache", 0)) == "");
  CHECK(said_by(restarted_at_least("db", 2)) == "");
  CHECK(said_by(restarted_at_least("db", 3)) == "db was started anew 2 times, not at least 3");
  CHECK(said_by(restarted_at_most("db", 1)) == "db was started anew 2 times, not at most 1");
  CHECK(said_by(restarts_within(2, 5s)) == "");
  CHECK(said_by(restarts_within(1, 5s)) == "/ has 2 restarts within 5 s, and should have 1 at most");
  CHECK(said_by(restarts_within(1, 100ms)) == "");
}

TEST_CASE("a matcher of an order looks at the last end of each", "[testing]") {
  CHECK(said_by(stopped_in_order({"cache", "db"})) == "");
  CHECK(said_by(stopped_in_order({"db", "cache"})) == "cache has ended before db");
  CHECK(said_by(stopped_in_order({"web"})) == "web has not ended");
}

TEST_CASE("matchers tell what has happened, what has not, and what should not have", "[testing]") {
  CHECK(said_by(happened(crashed("db"))) == "");
  CHECK(said_by(happened(crashed("db").in_run(3))) == "this did not happen: db crashes in its run 3");
  CHECK(said_by(happened(ended("db").with(exit_kind::normal))) == "this did not happen: db ends");
  CHECK(said_by(never(killed("db"))) == "");
  CHECK(said_by(never(crashed("db"))) == "this should not have happened, and did, after 1 s: db crashes");
  CHECK(said_by(escalated("/")) == "this did not happen: / gives up");
  CHECK(said_by(any_of({escalated("/"), happened(crashed("db"))})) == "");
  CHECK(said_by(any_of({escalated("/"), happened(abandoned("db"))})) ==
        "this did not happen: / gives up; nor: this did not happen: db is abandoned");
}

TEST_CASE("matchers of cause and effect know times and counts", "[testing]") {
  CHECK(said_by(in_sequence({started("db"), crashed("db"), restarting("db"), stopped("cache"), stopped("db")})) == "");
  CHECK(said_by(in_sequence({stopped("cache"), crashed("db")})) ==
        "this did not happen: db crashes, after: cache stops");
  CHECK(said_by(within(0s, crashed("db"), restarting("db"))) == "");
  CHECK(said_by(within(100ms, started("db"), crashed("db"))) ==
        "this did not happen within 100 ms: db crashes, after: db starts");
  CHECK(said_by(caused_by(restarting("db"), crashed("db"))) == "");
  CHECK(said_by(caused_by(started("db"), restarting("db"))) ==
        "this happened: db starts, and before it there was not: db is to be started anew");
}

TEST_CASE("what a run was expected to be and was not is what the test fails with", "[testing]") {
  const scenario wrong = [](simulation& sim) -> task<> {
    expect(sim, {restarted("db", 2), never(crashed("db"))});
    co_await two_crashes(sim);
  };
  CHECK_THROWS_WITH(simulate(1, wrong), ContainsSubstring("this should not have happened"));
  CHECK_NOTHROW(simulate(1, [](simulation& sim) -> task<> {
    expect(sim, {restarted("db", 2), stopped_in_order({"cache", "db"})});
    co_await two_crashes(sim);
  }));
}
