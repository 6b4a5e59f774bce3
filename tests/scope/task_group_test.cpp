#include <troupe/scope/task_group.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> nap(duration wait) { co_await sleep_for(wait); }

task<> fails_after(duration wait, std::string what) {
  co_await sleep_for(wait);
  throw std::runtime_error{what};
}

/// Fails while it is stopped: after the cancel, before it ends.
task<> fails_when_stopped() {
  while (!this_fiber::stop_requested())
    co_await yield();
  throw std::runtime_error{"cleanup failed"};
}

} // namespace

TEST_CASE("a group ends when its last child has ended, also children of children", "[scope]") {
  simulator simulated{in_any_order()};
  int ended_children = 0;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        group.start([&]() -> task<> {
          co_await sleep_for(1s);
          ++ended_children;
        });
        ++ended_children;
      });
    });
    CHECK(ended_children == 2);
  });
  CHECK(ended.has_value());
  CHECK(simulated.time().now() == instant{2s});
}

TEST_CASE("an empty group ends at once", "[scope][TR-077]") {
  simulator simulated{in_any_order()};
  CHECK(simulated.run([]() -> task<> { co_await in_task_group([](task_group&) {}); }).has_value());
  CHECK(simulated.steps() == 1);
}

TEST_CASE("errors are ordered by start index, not by completion, and the one that began the stop is the primary",
          "[scope][A1]") {
  over_seeds(100, [](simulation_options options) {
    options.clock = clock_mode::race;
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      co_await in_task_group([](task_group& group) {
        group.start(fails_when_stopped);
        group.start(nap, 1h);
        group.start(fails_after, 2s, "connection refused");
        group.start(fails_when_stopped);
      });
    });
    REQUIRE(ended.has_error());
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 3);
    CHECK(failed.errors()[0].start_index == 0U);
    CHECK(failed.errors()[1].start_index == 2U);
    CHECK(failed.errors()[2].start_index == 3U);
    CHECK(failed.primary() == 1);
    CHECK(failed.omitted() == 0);
    CHECK(message_of(failed.errors()[1].error) == "connection refused");
    CHECK(std::string{failed.what()} == "3 failures in a task group; first child 2: connection refused");
  });
}

TEST_CASE("one failure is a group of one, with the original exception", "[scope][A1][TR-006][TR-105]") {
  const std::exception_ptr original = std::make_exception_ptr(std::logic_error{"original"});
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await yield();
        std::rethrow_exception(original);
      });
    });
  });
  REQUIRE(ended.has_error());
  const error_group failed = group_of(ended);
  REQUIRE(failed.errors().size() == 1);
  CHECK(failed.errors()[0].error == original);
  CHECK(failed.primary() == 0);
  CHECK(std::string{failed.what()} == "1 failure in a task group; child 0: original");
}

TEST_CASE("what failed first is had without the groups that it was in", "[scope][A1]") {
  simulator simulated;
  const auto original = std::make_exception_ptr(std::runtime_error{"original"});
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& outer) {
      outer.start(fails_when_stopped);
      outer.start([&]() -> task<> {
        co_await in_task_group([&](task_group& inner) {
          inner.start(fails_when_stopped);
          inner.start([&]() -> task<> {
            co_await yield();
            std::rethrow_exception(original);
          });
        });
      });
    });
  });
  REQUIRE(group_of(ended).errors().size() == 2);
  CHECK(primary_error(ended.error()) == original);
  CHECK(primary_error(original) == original);
}

TEST_CASE("the body's error comes first and stops the children, from a plain body and from a waiting one",
          "[scope][A1]") {
  over_seeds(20, [](simulation_options options) {
    options.clock = clock_mode::race;
    for (const bool waits : {false, true}) {
      simulator simulated{options};
      outcome<> ended;
      if (waits)
        ended = simulated.run([]() -> task<> {
          co_await in_task_group([](task_group& group) -> task<> {
            group.start(fails_when_stopped);
            co_await sleep_for(1s);
            throw std::runtime_error{"body"};
          });
        });
      else
        ended = simulated.run([]() -> task<> {
          co_await in_task_group([](task_group& group) {
            group.start(fails_when_stopped);
            throw std::runtime_error{"body"};
          });
        });
      REQUIRE(ended.has_error());
      const error_group failed = group_of(ended);
      REQUIRE(failed.errors().size() == 2);
      CHECK_FALSE(failed.errors()[0].start_index.has_value());
      CHECK(failed.errors()[1].start_index == 0U);
      CHECK(failed.primary() == 0);
      CHECK(std::string{failed.what()} == "2 failures in a task group; first body: body");
    }
  });
}

TEST_CASE("a body that fails with its child's own exception is no second failure", "[scope][A1]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      co_await in_task_group([](task_group& group) -> task<> {
        auto failing = group.start([]() -> task<> {
          co_await yield();
          throw std::runtime_error{"the child's"};
        });
        while (!failing.ended())
          co_await yield();
        failing.result().value();
      });
    });
    REQUIRE(ended.has_error());
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 1);
    CHECK(failed.errors()[0].start_index == 0U);
  });
}

TEST_CASE("a body that throws before it makes its task is the body's error", "[scope]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      group.start(nap, 1h);
      throw std::runtime_error{"no task"};
    });
  });
  REQUIRE(ended.has_error());
  CHECK_FALSE(group_of(ended).errors()[0].start_index.has_value());
}

TEST_CASE("a function that throws before it makes its task is the child's error", "[scope]") {
  census alive;
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([](const counted&) -> task<> { throw std::runtime_error{"no task"}; }, counted{alive});
    });
  });
  REQUIRE(ended.has_error());
  CHECK(group_of(ended).errors()[0].start_index == 0U);
  CHECK(alive.alive() == 0);
}

TEST_CASE("nested groups give nested error groups", "[scope][A1][TR-106]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& outer) {
      outer.start(nap, 1h);
      outer.start([]() -> task<> {
        co_await in_task_group([](task_group& inner) {
          inner.start(nap, 1h);
          inner.start(fails_after, 1s, "deep");
        });
      });
    });
  });
  REQUIRE(ended.has_error());
  const error_group outer = group_of(ended);
  REQUIRE(outer.errors().size() == 1);
  CHECK(outer.errors()[0].start_index == 1U);
  const error_group inner = group_of(outcome<>{outer.errors()[0].error});
  REQUIRE(inner.errors().size() == 1);
  CHECK(inner.errors()[0].start_index == 1U);
  CHECK(message_of(inner.errors()[0].error) == "deep");
  CHECK(std::string{outer.what()} == "1 failure in a task group; child 1: 1 failure in a task group; child 1: deep");
}

TEST_CASE("errors beyond the limit are counted, and the primary is kept", "[scope][A1][A4]") {
  simulator simulated{{.clock = clock_mode::race}};
  const std::size_t children = error_group::errors_max + 17;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      for (std::size_t i = 0; i < children; ++i)
        group.start(fails_when_stopped);
      group.start(fails_after, 1s, "began it");
    });
  });
  REQUIRE(ended.has_error());
  const error_group failed = group_of(ended);
  CHECK(failed.errors().size() == error_group::errors_max);
  CHECK(failed.omitted() == children + 1 - error_group::errors_max);
  CHECK(message_of(failed.errors()[failed.primary()].error) == "began it");
  for (std::size_t i = 1; i < failed.errors().size(); ++i)
    REQUIRE(failed.errors()[i - 1].start_index < failed.errors()[i].start_index);
}

TEST_CASE("what is thrown and is no std::exception has a message all the same", "[scope]") {
  CHECK(message_of(std::make_exception_ptr(42)) == "unknown exception");
  CHECK(message_of(std::make_exception_ptr(std::runtime_error{"known"})) == "known");
}

TEST_CASE("a group in which all completed returns normally though a cancel is pending", "[scope][A2][TR-077]") {
  simulator simulated{in_any_order()};
  bool behind_group = false;
  bool behind_wait = false;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& outer) {
      outer.start([&]() -> task<> {
        co_await in_task_group([&](task_group& inner) {
          inner.start([&]() -> task<> {
            outer.cancel();
            co_return; // without a wait: it completes
          });
        });
        behind_group = true;
        co_await checkpoint();
        behind_wait = true;
      });
    });
  });
  CHECK(ended.has_value());
  CHECK(behind_group);
  CHECK_FALSE(behind_wait);
}

TEST_CASE("a group whose children were refused by a stop from outside passes the stop on", "[scope][A2][A3][B1]") {
  over_seeds(20, [](simulation_options options) {
    simulator simulated{options};
    bool took_it_for_done = false;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& outer) {
        outer.start([&]() -> task<> {
          outer.cancel();
          co_await in_task_group([&](task_group& inner) { inner.start(nap, 1s); });
          took_it_for_done = true;
        });
      });
    });
    CHECK(ended.has_value());
    CHECK_FALSE(took_it_for_done);
  });
}

TEST_CASE("a group that refused a child by its own cancel absorbs that cancel", "[scope][A2][A3]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) {
      group.cancel();
      const auto refused = group.start(nap, 1s);
      CHECK(refused.ended());
      CHECK(refused.result().cause().reason == cancel_reason::scope_closed);
      CHECK(group.stopping());
    });
    co_await sleep_for(1s);
  });
  CHECK(ended.has_value());
}

TEST_CASE("an error wins over an outer cancel, which is taken at the next wait", "[scope][A2][TR-077]") {
  over_seeds(50, [](simulation_options options) {
    simulator simulated{options};
    bool begun = false;
    bool saw_the_error = false;
    bool went_on = false;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& outer) {
        outer.start([&]() -> task<> {
          auto failed = co_await as_outcome(in_task_group([&](task_group& inner) {
            inner.start(fails_when_stopped);
            inner.start([]() -> task<> { co_await wait_for_ever(); }); // is stopped, which alone would pass the stop on
            begun = true;
          }));
          saw_the_error = failed.has_error();
          co_await checkpoint();
          went_on = true;
        });
        outer.start([&]() -> task<> {
          while (!begun)
            co_await yield();
          outer.cancel();
        });
      });
    });
    CHECK(ended.has_value());
    CHECK(saw_the_error);
    CHECK_FALSE(went_on);
  });
}

TEST_CASE("copying that throws starts nothing and leaves nothing", "[scope][A3]") {
  struct throws_when_copied {
    counted in;
    explicit throws_when_copied(census& of) : in(of) {}
    throws_when_copied(const throws_when_copied& other) : in(other.in) { throw std::runtime_error{"not copied"}; }
  };
  census alive;
  simulator simulated{in_any_order()};
  int ran = 0;
  const auto ended = simulated.run([&]() -> task<> {
    const throws_when_copied argument{alive};
    co_await in_task_group([&](task_group& group) {
      CHECK_THROWS_AS(group.start(
                          [&](const throws_when_copied&) -> task<> {
                            ++ran;
                            co_return;
                          },
                          argument),
                      std::runtime_error);
      CHECK(group.children_approx() == 0);
      group.start([&]() -> task<> {
        ran += 10;
        co_return;
      });
    });
  });
  CHECK(ended.has_value());
  CHECK(ran == 10);
  CHECK(alive.alive() == 0);
}

TEST_CASE("function and arguments are gone when the child has ended, and references pass with std::ref", "[scope]") {
  census alive;
  int target = 0;
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto one = group.start(
          [](counted, std::unique_ptr<int> moved, int& out) -> task<> {
            co_await sleep_for(1s);
            out = *moved;
          },
          counted{alive}, std::make_unique<int>(3), std::ref(target));
      CHECK(alive.alive() == 1);
      co_await one.wait_ended();
      CHECK(alive.alive() == 0);
    });
  });
  CHECK(ended.has_value());
  CHECK(target == 3);
}

TEST_CASE("children_approx counts those that have not ended", "[scope][A4]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      CHECK(group.children_approx() == 0);
      for (int i = 1; i <= 3; ++i)
        group.start(nap, std::chrono::seconds{i});
      CHECK(group.children_approx() == 3);
      co_await sleep_for(2'500ms);
      CHECK(group.children_approx() == 1);
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("the body's locals go before the children are joined", "[scope]") {
  census alive;
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const counted local{alive};
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        CHECK(alive.alive() == 0);
      });
      co_await yield();
    });
  });
  CHECK(ended.has_value());
  CHECK(alive.made.load() == 1);
}
