#include <troupe/scope/task_group.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// How often: fewer under a sanitizer, which makes up for it by looking closer.
std::size_t rounds(std::size_t wanted) {
  return sanitized ? std::max<std::size_t>(seeds(wanted) / 10, 1) : seeds(wanted);
}

template <class Test>
void on_threads(Test&& test) {
  for (const std::size_t threads : {2U, 4U}) {
    INFO(threads << " threads");
    thread_pool_executor executor{threads};
    test(executor);
  }
}

task<int> polls_for_ever(std::atomic<bool>& begun) {
  begun = true;
  for (;;)
    co_await checkpoint();
}

task<> naps() { co_await sleep_for(1h); }

task<> asks_for_value_beside_others(bool waits_already, std::atomic<bool>& begun) {
  co_await in_task_group([&](task_group& group) -> task<> {
    for (int i = 0; i < 4; ++i)
      group.start(naps);
    for (int i = 0; i < 4; ++i)
      co_await yield(); // they sleep now
    auto polling = group.start(polls_for_ever, std::ref(begun));
    while (!waits_already && !polling.ended())
      co_await checkpoint();
    static_cast<void>(co_await polling.value());
  });
}

/// Holds a cancel up on its way, at the first sleeper that it stops, so that those it has reached before run ahead.
class slow_to_stop final : public event_sink {
public:
  void on_event(const event& happened) noexcept override {
    if (happened.kind == event_kind::fiber_ended)
      ended_ = true;
    if (happened.kind != event_kind::wait_stopped || held_up_.exchange(true))
      return;
    for (int i = 0; i < 50 && !ended_; ++i)
      std::this_thread::yield();
    for (int i = 0; i < 20; ++i)
      std::this_thread::yield();
  }
  void again() noexcept {
    ended_ = false;
    held_up_ = false;
  }

private:
  std::atomic<bool> ended_{false};
  std::atomic<bool> held_up_{false};
};

} // namespace

TEST_CASE("a cancel that reaches a child before whoever asks for its value is no error of theirs, on threads",
          "[scope][A2][stress]") {
  for (const std::size_t threads : {2U, 4U})
    for (const bool waits_already : {true, false}) {
      INFO(threads << " threads");
      slow_to_stop sink;
      thread_pool_executor executor{threads, &sink};
      for (std::size_t round = 0; round < rounds(25); ++round) {
        std::atomic<bool> begun{false};
        sink.again();
        const auto top = make_root(executor, asks_for_value_beside_others, waits_already, std::ref(begun));
        top->start();
        while (!begun)
          std::this_thread::yield();
        top->cancel(); // from outside: it is on its way while the fibers run
        top->wait();
        REQUIRE(top->take().cancelled());
      }
    }
}

TEST_CASE("failures, own cancels, outer cancels and limits that race each end where they belong, on threads",
          "[scope][A2][stress]") {
  on_threads([](thread_pool_executor& executor) {
    for (std::size_t round = 0; round < rounds(300); ++round) {
      census alive;
      const bool fails = round % 2 == 0;
      const auto ended = executor.run([&]() -> task<> {
        co_await in_task_group([&](task_group& outer) {
          outer.start([&]() -> task<> {
            const counted here{alive};
            auto limited = co_await as_outcome(
                move_on_after(1ms, in_task_group([&](task_group& inner) {
                                for (int i = 0; i < 4; ++i)
                                  inner.start([](counted) -> task<> { co_await sleep_for(1h); }, counted{alive});
                                inner.start([&]() -> task<> {
                                  co_await sleep_for(1ms);
                                  if (fails)
                                    throw std::runtime_error{"on purpose"};
                                  inner.cancel();
                                });
                              })));
            if (limited.has_error() && !fails)
              throw std::logic_error{"an error out of nowhere: " + message_of(limited.error())};
            co_await checkpoint();
          });
          outer.start([&]() -> task<> {
            co_await sleep_for(1ms);
            outer.cancel();
          });
        });
        co_await checkpoint(); // nothing is pending out here
      });
      REQUIRE(ended.has_value());
      REQUIRE(alive.alive() == 0);
    }
  });
}

TEST_CASE("a hundred thousand starts race the cancel of their group, on threads", "[scope][A3][stress]") {
  on_threads([](thread_pool_executor& executor) {
    census arguments;
    std::atomic<std::size_t> begun{0};
    std::atomic<std::size_t> left{0};
    std::size_t refused = 0;
    std::size_t starts = 0;
    struct exit_path {
      std::atomic<std::size_t>& count;
      explicit exit_path(std::atomic<std::size_t>& in) : count(in) {}
      ~exit_path() { ++count; }
    };
    while (starts < rounds(50'000)) {
      std::vector<child<>> handles[2];
      const auto ended = executor.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          for (std::vector<child<>>& mine : handles)
            group.start([&]() -> task<> {
              for (int i = 0; i < 64 && (!group.stopping() || i % 8 != 0); ++i)
                mine.push_back(group.start(
                    [&](counted) -> task<> {
                      ++begun;
                      const exit_path at_exit{left};
                      co_await yield();
                      co_await sleep_for(1h);
                    },
                    counted{arguments}));
              co_return;
            });
          group.start([&]() -> task<> {
            co_await yield();
            group.cancel();
          });
        });
      });
      REQUIRE(ended.has_value());
      REQUIRE(arguments.alive() == 0);
      REQUIRE(begun == left);
      for (const std::vector<child<>>& mine : handles)
        for (const child<>& each : mine) {
          ++starts;
          REQUIRE(each.ended());
          REQUIRE(each.result().cancelled());
          refused += each.result().cause().reason == cancel_reason::scope_closed ? 1 : 0;
        }
    }
    CHECK(begun + refused == starts);
  });
}

TEST_CASE("very many short children on threads leave nothing behind", "[scope][A4][stress]") {
  on_threads([](thread_pool_executor& executor) {
    const std::size_t children = rounds(200'000);
    std::atomic<std::size_t> ended_children{0};
    std::size_t left = 1;
    const auto ended = executor.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        for (std::size_t i = 0; i < children; ++i) {
          group.start([&]() -> task<> {
            co_await yield();
            ++ended_children;
          });
          if (i % 64 == 0)
            co_await yield();
        }
        while (group.children_approx() > 0)
          co_await yield();
        left = group.children_approx();
      });
    });
    CHECK(ended.has_value());
    CHECK(ended_children == children);
    CHECK(left == 0);
  });
}

TEST_CASE("fibers that catch everything end at the first wait after a cancel, on threads", "[scope][B1][stress]") {
  on_threads([](thread_pool_executor& executor) {
    for (std::size_t round = 0; round < rounds(500); ++round) {
      std::atomic<int> begun{0};
      const auto ended = executor.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          for (int way = 0; way < 6; ++way)
            group.start([&begun, way]() -> task<> {
              ++begun;
              for (int behind_cancel = 0;; behind_cancel += this_fiber::stop_requested() ? 1 : 0) {
                if (behind_cancel > 1)
                  throw std::logic_error{"a wait was passed after the cancel"};
                try {
                  switch (way) {
                  case 0:
                    co_await sleep_for(1ms);
                    break;
                  case 1:
                    co_await yield();
                    break;
                  case 2:
                    co_await checkpoint();
                    break;
                  case 3:
                    co_await sleep_for(0s);
                    break;
                  case 4:
                    static_cast<void>(co_await move_on_after(1ms, naps()));
                    break;
                  default:
                    co_await in_task_group([](task_group& inner) -> task<> {
                      auto one = inner.start([]() -> task<> { co_await yield(); });
                      co_await one.value();
                    });
                    break;
                  }
                } catch (const error_group&) {
                  throw; // of the innermost group: a child_cancelled there would be one
                } catch (const std::runtime_error&) {
                }
              }
            });
          group.start([&]() -> task<> {
            while (begun < 6)
              co_await yield();
            group.cancel();
          });
        });
      });
      REQUIRE(ended.has_value());
    }
  });
}

TEST_CASE("limits of any length on threads start nothing when they have passed, and discard no result",
          "[scope][B7][stress]") {
  on_threads([](thread_pool_executor& executor) {
    std::atomic<std::size_t> wrong{0};
    const auto ended = executor.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        for (int i = 0; i < 8; ++i)
          group.start([&]() -> task<> {
            for (std::size_t round = 0; round < rounds(50); ++round) {
              bool produced = false;
              const auto produce = [&produced](duration wait) -> task<int> {
                co_await sleep_for(wait);
                produced = true;
                co_return 1;
              };
              const auto same_instant = co_await move_on_after(1ms, produce(1ms));
              wrong += same_instant.has_value() == produced ? 0 : 1;
              produced = false;
              const auto passed = co_await move_on_after(-1ms, produce(0ms));
              wrong += passed || produced ? 1 : 0;
              const auto never = co_await move_on_after(duration::max(), produce(0ms));
              wrong += never ? 0 : 1;
              const auto beyond = co_await move_on_after(std::chrono::hours::max(), produce(duration::min()));
              wrong += beyond ? 0 : 1;
            }
          });
      });
    });
    CHECK(ended.has_value());
    CHECK(wrong == 0);
  });
}

namespace {

/// Waits that have begun, less those that have ended.
class open_waits final : public event_sink {
public:
  void on_event(const event& happened) noexcept override {
    if (happened.kind == event_kind::wait_begun)
      ++count;
    else if (happened.kind == event_kind::wait_granted || happened.kind == event_kind::wait_stopped)
      --count;
  }
  std::atomic<long> count{0};
};

/// A clock that, where `hold` says so, lets no fiber know the time until it is told, and then a little later.
class held_clock final : public time_source {
public:
  instant now() const noexcept override {
    if (this_fiber::pointer() == nullptr)
      return instant{};
    asked = true;
    while (hold)
      continue;
    for (std::size_t i = 0; i < delay; ++i)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    return instant{};
  }
  void add(timer&) override {}
  void remove(timer&) noexcept override {}

  std::size_t delay = 0;
  std::atomic<bool> hold{false};
  mutable std::atomic<bool> asked{false};
};

} // namespace

TEST_CASE("each wait that a cancel stops has begun, also when the cancel comes while it begins", "[scope][stress]") {
  open_waits sink;
  held_clock clock;
  for (std::size_t round = 0; round < rounds(500); ++round) {
    clock.hold = true;
    clock.asked = false;
    clock.delay = round % 256;
    thread_pool_executor executor{clock, 1, &sink};
    const auto top = make_root(executor, naps);
    top->start();
    while (!clock.asked)
      std::this_thread::yield();
    clock.hold = false; // a sleep asks for the time and then begins to wait: while the cancel is on its way
    top->cancel();
    top->wait();
    REQUIRE(sink.count.load() == 0);
  }
}
