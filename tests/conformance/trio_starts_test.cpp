// Trio's cases about starting: into which groups, from where, and how long. A function that Trio's token posts from
// outside of the run is here a child that is started from outside, in a group that owns it.

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> endless() { co_await wait_for_ever(); }

task<int> number_after(duration wait, int value) {
  co_await sleep_for(wait);
  co_return value;
}

task<int> failure_after(duration wait) {
  co_await sleep_for(wait);
  throw std::invalid_argument{"error message"};
}

/// Writes its word before its first wait.
task<> says(std::vector<std::string>& log, std::string word, counted) {
  log.push_back(word);
  co_await wait_for_ever();
}

/// A tree whose group is known outside of it.
class open_group {
public:
  task<> run() {
    co_await in_task_group([this](task_group& group) -> task<> {
      group_ = &group;
      co_await wait_for_ever();
    });
  }
  task_group& operator*() const { return *group_; }
  task_group* operator->() const { return group_; }

private:
  task_group* group_ = nullptr;
};

} // namespace

TEST_CASE("a fiber that waits for another goes on with its value or its error", "[conformance][TR-012]") {
  over_seeds(20, [](simulation_options options) {
    options.clock = clock_mode::autojump;
    simulator simulated{options};
    std::optional<child<int>> gives;
    std::optional<child<int>> throws;
    int got = 0;
    std::string caught;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& outer) -> task<> {
        outer.start([&]() -> task<> { got = co_await gives->value(); });
        outer.start([&]() -> task<> {
          try {
            static_cast<void>(co_await throws->value());
          } catch (const std::invalid_argument& error) {
            caught = error.what();
          }
        });
        // A group of its own: it is this one that fails, and not the one of those who wait.
        const auto failed = co_await as_outcome(in_task_group([&](task_group& inner) {
          gives.emplace(inner.start(number_after, 1s, 17));
          throws.emplace(inner.start(failure_after, 2s));
        }));
        CHECK(failed.has_error());
      });
    });
    CHECK(ended.has_value());
    CHECK(got == 17);
    CHECK(caught == "error message");
  });
}

TEST_CASE("a child started before the cancel of its group begins, and one started after it does not",
          "[conformance][TR-025]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    census alive;
    std::vector<std::string> log;
    std::optional<child<>> before;
    std::optional<child<>> after;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        before.emplace(group.start(says, std::ref(log), "before", counted{alive}));
        group.cancel();
        after.emplace(group.start(says, std::ref(log), "after", counted{alive}));
        CHECK(after->ended());
        CHECK(alive.alive() == 1); // what the second one was given has gone
      });
    });
    CHECK(ended.has_value());
    CHECK(log == std::vector<std::string>{"before"});
    CHECK(before->result().cause().reason == cancel_reason::requested);
    CHECK(after->result().cause().reason == cancel_reason::scope_closed);
    CHECK(alive.alive() == 0);
  });
}

TEST_CASE("a group takes children while it joins the others, and none once the last has ended",
          "[conformance][TR-071]") {
  over_seeds(50, [](simulation_options options) {
    int second_ran = 0;
    int too_late_ran = 0;
    std::optional<child<>> too_late;
    task_group* joining = nullptr;
    const auto run = [](int& ran) -> task<> {
      ++ran;
      co_return;
    };
    options.before_step = [&](std::uint64_t) {
      // The last child has ended, and the owner of the group has not gone on: the group is still there.
      if (second_ran == 1 && !too_late)
        too_late.emplace(joining->start(run, std::ref(too_late_ran)));
    };
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        joining = &group;
        group.start([&]() -> task<> {
          group.start(run, std::ref(second_ran)); // the body has been left
          co_return;
        });
      });
      CHECK(second_ran == 1);
    });
    CHECK(ended.has_value());
    REQUIRE(too_late);
    CHECK(too_late->result().cause().reason == cancel_reason::scope_closed);
    CHECK(too_late_ran == 0);
  });
}

TEST_CASE("a start from outside of the run returns before the child runs, which it does soon",
          "[conformance][TR-057]") {
  simulator simulated{{.clock = clock_mode::manual}};
  open_group services;
  const auto top = make_root(simulated, &open_group::run, std::ref(services));
  top->start();
  simulated.run_until_idle();
  int got = 0;
  const auto posted = services->start(
      [](int& into) -> task<> {
        into = 1;
        co_return;
      },
      std::ref(got));
  CHECK(got == 0);
  CHECK_FALSE(posted.ended());
  simulated.run_until_idle();
  CHECK(got == 1);
  CHECK(posted.result().has_value());
  top->cancel();
  simulated.run_until_idle();
  CHECK(top->take().cancelled());
}

TEST_CASE("one that was started from outside and fails keeps no other from running, and ends the run with its error",
          "[conformance][TR-062]") {
  over_seeds(20, [](simulation_options options) {
    options.clock = clock_mode::manual;
    simulator simulated{options};
    open_group services;
    const auto top = make_root(simulated, &open_group::run, std::ref(services));
    top->start();
    simulated.run_until_idle();
    bool second_ran = false;
    services->start([]() -> task<> {
      throw std::out_of_range{"nope"};
      co_return;
    });
    const auto second = services->start([&]() -> task<> {
      second_ran = true;
      co_return;
    });
    const auto sleeper = services->start(endless);
    simulated.run_until_idle();
    REQUIRE(top->has_ended());
    const error_group failed = group_of(top->take());
    REQUIRE(failed.errors().size() == 1);
    CHECK(message_of(failed.errors()[0].error) == "nope");
    CHECK(second_ran);
    CHECK(second.result().has_value());
    CHECK(sleeper.result().cancelled());
  });
}

TEST_CASE("a failure in the last moment of a group is told as well, and so is what was started beside it",
          "[conformance][TR-067]") {
  over_seeds(50, [](const simulation_options& options) {
    simulator simulated{options};
    bool second_ran = false;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> { // the last child, and these are its last words
          group.start([]() -> task<> {
            throw std::out_of_range{"nope"};
            co_return;
          });
          group.start([&]() -> task<> {
            second_ran = true;
            co_return;
          });
          co_return;
        });
      });
    });
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 1);
    CHECK(failed.errors()[0].start_index == 1U);
    CHECK(second_ran);
  });
}

TEST_CASE("a service that fails ends the run with its error", "[conformance][TR-045]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      group.start(failure_after, 1s);
      group.start([]() -> task<> { co_await serve_for_ever(); });
      co_await endless();
    });
  });
  const error_group failed = group_of(ended);
  REQUIRE(failed.errors().size() == 1);
  CHECK(message_of(failed.errors()[0].error) == "error message");
}
