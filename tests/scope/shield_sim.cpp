#include <troupe/scope/shield.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <optional>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr duration never = duration::max(); // the racing clock may let any other limit pass first

/// What can be told of a commit of three steps from outside.
struct commit_log {
  int steps = 0;
  std::optional<int> delivered;
  bool in_doubt = false;
};

task<int> commit(commit_log& log, duration each_step) {
  for (int step = 0; step < 3; ++step) {
    co_await sleep_for(each_step);
    ++log.steps;
  }
  co_return 7;
}

/// Waits, commits, and waits again; says what it was told.
task<> order(commit_log& log, duration limit, duration each_step) {
  co_await yield();
  try {
    log.delivered = co_await shield(limit, commit(log, each_step));
  } catch (const troupe::in_doubt&) {
    log.in_doubt = true;
  }
  co_await yield();
}

} // namespace

TEST_CASE("no cancel tears a commit phase, whenever it comes", "[scope][B4]") {
  std::size_t whole = 0, none = 0;
  over_seeds(1'000, [&](simulation_options options) {
    cancelled_at_every_step(options.seed, options.clock, [&](const simulation_options& cancelled) {
      simulator simulated{cancelled};
      commit_log log;
      static_cast<void>(simulated.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          group.start([&]() -> task<> { co_await order(log, never, 1s); });
          group.start([]() -> task<> { co_await sleep_for(2s); });
        });
      }));
      CHECK_FALSE(log.in_doubt);
      CHECK((log.steps == 0 || log.steps == 3));
      CHECK(log.delivered.has_value() == (log.steps == 3));
      ++(log.steps == 3 ? whole : none);
      return simulated.steps();
    });
  });
  CHECK(whole > 0);
  CHECK(none > 0);
}

TEST_CASE("a commit phase that is cancelled and whose limit may pass is whole, not begun, or in doubt", "[scope][B4]") {
  std::size_t whole = 0, in_doubt = 0;
  over_seeds(300, [&](simulation_options options) {
    cancelled_at_every_step(options.seed, options.clock, [&](const simulation_options& cancelled) {
      simulator simulated{cancelled};
      commit_log log;
      static_cast<void>(simulated.run([&]() -> task<> { co_await order(log, 3s, 1s); }));
      CHECK_FALSE((log.delivered.has_value() && log.in_doubt));
      CHECK(log.delivered.has_value() == (log.steps == 3 && !log.in_doubt));
      if (log.steps != 0)
        CHECK((log.delivered.has_value() || log.in_doubt));
      ++(log.in_doubt ? in_doubt : whole);
      return simulated.steps();
    });
  });
  CHECK(whole > 0);
  CHECK(in_doubt > 0);
}

TEST_CASE("a child's commit phase ends before its group does, when a sibling fails at any time", "[scope][B4]") {
  std::size_t whole = 0;
  over_seeds(1'000, [&](const simulation_options& options) {
    simulator simulated{options};
    commit_log log;
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> { co_await order(log, never, 1s); });
        group.start([]() -> task<> {
          co_await sleep_for(1s);
          throw 1;
        });
      });
    });
    CHECK(ended.has_error());
    CHECK_FALSE(log.in_doubt);
    CHECK(log.delivered.has_value() == (log.steps == 3));
    CHECK((log.steps == 0 || log.steps == 3));
    whole += log.steps == 3;
  });
  CHECK(whole > 0);
}
