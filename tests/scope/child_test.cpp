#include <troupe/scope/child.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<int> slow(int value) {
  co_await sleep_for(1s);
  co_return value;
}

task<std::unique_ptr<int>> slow_box(int value) {
  co_await sleep_for(1s);
  co_return std::make_unique<int>(value);
}

task<int> slow_failure() {
  co_await sleep_for(1s);
  throw std::runtime_error{"slow failure"};
}

/// A result whose construction throws.
struct refuses_to_be_made {
  explicit refuses_to_be_made(int) { throw std::domain_error{"not made"}; }
};

task<refuses_to_be_made> makes_what_cannot_be_made() {
  co_await checkpoint();
  co_return 1;
}

} // namespace

TEST_CASE("value() waits for the child and gives its value", "[scope]") {
  over_seeds(50, [](simulation_options options) {
    simulator simulated{options};
    int sum = 0;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        auto first = group.start(slow, 40);
        auto second = group.start(slow, 2);
        sum += co_await first.value();
        sum += co_await second.value();
      });
    });
    CHECK(ended.has_value());
    CHECK(sum == 42);
  });
}

TEST_CASE("value() moves a move-only result out of the child", "[scope]") {
  simulator simulated{in_any_order()};
  auto ended = simulated.run([]() -> task<int> {
    std::unique_ptr<int> taken;
    co_await in_task_group([&](task_group& group) -> task<> {
      auto boxed = group.start(slow_box, 9);
      taken = co_await boxed.value();
    });
    co_return *taken;
  });
  CHECK(ended.value() == 9);
}

TEST_CASE("value() throws the child's own exception", "[scope]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    std::optional<child<int>> failing;
    auto group_ended =
        co_await as_outcome(in_task_group([&](task_group& group) { failing.emplace(group.start(slow_failure)); }));
    const auto waited = co_await as_outcome(failing->value());
    CHECK(waited.has_error());
    CHECK(failing->result().error() == waited.error());
    const error_group group = group_of(group_ended);
    REQUIRE(group.errors().size() == 1);
    CHECK(group.errors()[0].error == waited.error());
  });
  CHECK(ended.has_value());
}

TEST_CASE("a failed child stops those in its group that wait for it, and is the only failure", "[scope][A1]") {
  over_seeds(100, [](const simulation_options& options) {
    simulator simulated{options};
    bool went_on = false;
    auto ended = simulated.run([&]() -> task<> {
      std::optional<child<int>> failing; // out here: the body's locals go before its children
      co_await in_task_group([&](task_group& group) -> task<> {
        failing.emplace(group.start(slow_failure));
        group.start([&]() -> task<> { static_cast<void>(co_await failing->value()); });
        static_cast<void>(co_await failing->value());
        went_on = true;
      });
    });
    CHECK_FALSE(went_on);
    const error_group group = group_of(ended);
    REQUIRE(group.errors().size() == 1);
    CHECK(group.errors()[0].start_index == 0U);
  });
}

TEST_CASE("a result that throws while it is made is the child's error", "[scope]") {
  simulator simulated{in_any_order()};
  auto ended = simulated.run(
      []() -> task<> { co_await in_task_group([](task_group& group) { group.start(makes_what_cannot_be_made); }); });
  REQUIRE(ended.has_error());
  CHECK(message_of(ended.error()).find("not made") != std::string::npos);
}

TEST_CASE("cancelling one child stops that one alone", "[scope]") {
  over_seeds(50, [](simulation_options options) {
    simulator simulated{options};
    bool stopped = false;
    bool went_on = false;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        auto first = group.start([]() -> task<> { co_await wait_for_ever(); });
        auto second = group.start(slow, 2);
        co_await yield();
        first.cancel(cancel_reason::shutdown);
        co_await first.wait_ended();
        stopped = first.result().cancelled() && first.result().cause().reason == cancel_reason::shutdown;
        went_on = co_await second.value() == 2;
      });
    });
    CHECK(ended.has_value());
    CHECK(stopped);
    CHECK(went_on);
  });
}

TEST_CASE("value() of a child that was cancelled alone throws child_cancelled with the cause", "[scope]") {
  simulator simulated{in_any_order()};
  auto ended = simulated.run([]() -> task<cancel_reason> {
    std::optional<cancel_reason> why;
    co_await in_task_group([&](task_group& group) -> task<> {
      auto one = group.start(slow, 1);
      one.cancel(cancel_reason::shutdown);
      try {
        static_cast<void>(co_await one.value());
      } catch (const child_cancelled& stopped) {
        why = stopped.cause().reason;
      }
    });
    co_return why.value();
  });
  CHECK(ended.value() == cancel_reason::shutdown);
}

TEST_CASE("several fibers that wait for one child go on in the order in which they came", "[scope]") {
  class in_order final : public executor { // no seed: wake-ups show as they come
  public:
    in_order() : executor(clock) {}
    void schedule(fiber& ready) noexcept override { queue.push_back(&ready); }
    void schedule_last(fiber& ready) noexcept override { queue.push_back(&ready); }
    void run_all() {
      for (std::size_t i = 0; i < queue.size(); ++i)
        queue[i]->run();
      queue.clear();
    }
    virtual_clock clock;
    std::vector<fiber*> queue;
  };
  in_order executor;
  std::vector<int> order;
  const auto top = make_root(executor, [&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      auto awaited = group.start(slow, 1);
      for (int i = 0; i < 5; ++i)
        group.start([&order, &awaited, i]() -> task<> {
          co_await awaited.wait_ended();
          order.push_back(i);
        });
      co_await awaited.wait_ended();
      for (int i = 0; i < 10; ++i)
        co_await yield(); // `awaited` lives here
    });
  });
  top->start();
  executor.run_all();
  executor.clock.fire_next();
  executor.run_all();
  CHECK(top->has_ended());
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("a fiber that is stopped while it waits for a child leaves the child and the other waiters alone",
          "[scope]") {
  over_seeds(100, [](simulation_options options) {
    options.clock = clock_mode::autojump;
    simulator simulated{options};
    int woken = 0;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        auto awaited = group.start(slow, 1);
        const auto wait = [&awaited, &woken]() -> task<> {
          co_await awaited.wait_ended();
          ++woken;
        };
        auto first = group.start(wait);
        auto middle = group.start(wait);
        auto last = group.start(wait);
        co_await yield();
        middle.cancel();
        co_await first.wait_ended();
        co_await middle.wait_ended();
        co_await last.wait_ended();
        CHECK(middle.result().cancelled());
        CHECK(awaited.result().has_value());
      });
    });
    CHECK(ended.has_value());
    CHECK(woken == 2);
  });
}

TEST_CASE("the result is there after the group, also when the child was cancelled with it", "[scope]") {
  simulator simulated{in_any_order()};
  auto ended = simulated.run([]() -> task<int> {
    std::optional<child<int>> done;
    std::optional<child<int>> stopped;
    co_await in_task_group([&](task_group& group) {
      done.emplace(group.start(slow, 5));
      stopped.emplace(group.start([]() -> task<int> {
        co_await sleep_for(1h);
        co_return 0;
      }));
      group.start([&group]() -> task<> {
        co_await sleep_for(2s);
        group.cancel();
      });
    });
    CHECK(done->ended());
    CHECK(stopped->result().cancelled());
    stopped->cancel(); // too late, and harmless
    co_await stopped->wait_ended();
    co_return co_await done->value();
  });
  CHECK(ended.value() == 5);
}

TEST_CASE("dropping the handle changes nothing for the child", "[scope]") {
  simulator simulated{in_any_order()};
  int reached = 0;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        ++reached;
      });
    });
  });
  CHECK(ended.has_value());
  CHECK(reached == 1);
}

TEST_CASE("a result that nobody takes goes with the handle, and with the child where there is none", "[scope]") {
  census alive;
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    const auto make = [&alive]() -> task<counted> {
      co_await yield();
      co_return counted{alive};
    };
    std::optional<child<counted>> kept;
    co_await in_task_group([&](task_group& group) {
      group.start(make);
      kept.emplace(group.start(make));
    });
    CHECK(alive.alive() == 1);
    kept.reset();
    CHECK(alive.alive() == 0);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a limit around a wait for a child leaves the child running", "[scope][B7]") {
  simulator simulated{in_any_order()};
  auto ended = simulated.run([]() -> task<int> {
    std::optional<int> in_time;
    int later = 0;
    co_await in_task_group([&](task_group& group) -> task<> {
      auto one = group.start(slow, 3);
      in_time = co_await move_on_after(500ms, one.value());
      later = co_await one.value();
    });
    CHECK_FALSE(in_time.has_value());
    co_return later;
  });
  CHECK(ended.value() == 3);
}

TEST_CASE("children that wait for each other may hold handles in the body, which a stop destroys first",
          "[scope][A2]") {
  over_seeds(100, [](simulation_options options) {
    options.clock = clock_mode::autojump;
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      co_await in_task_group([](task_group& group) -> task<> {
        auto sleeping = group.start([]() -> task<> { co_await wait_for_ever(); });
        group.start([&]() -> task<> { co_await sleeping.wait_ended(); });
        group.start([&]() -> task<> { co_await sleeping.value(); });
        group.start([&group]() -> task<> {
          co_await sleep_for(1s);
          group.cancel();
        });
        co_await wait_for_ever();
      });
    });
    CHECK(ended.has_value());
  });
}

TEST_CASE("value() keeps the child where the handle goes first", "[scope]") {
  simulator simulated{in_any_order()};
  auto ended = simulated.run([]() -> task<int> {
    int got = 0;
    co_await in_task_group([&](task_group& group) -> task<> {
      auto waiting = group.start(slow, 5).value(); // the handle is gone
      got = co_await std::move(waiting);
    });
    co_return got;
  });
  CHECK(ended.value() == 5);
}
