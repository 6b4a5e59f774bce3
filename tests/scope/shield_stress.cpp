// Shields and exit stacks on threads: nothing is torn and nothing is left behind, whenever the cancel comes.

#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <utility>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr int fibers = 8;

/// Gives others the turn `times` times.
task<> yields(int times) {
  for (int i = 0; i < times; ++i)
    co_await yield();
}

struct commit_log {
  int steps = 0;
  bool delivered = false;
};

task<int> commit(commit_log& log) {
  for (; log.steps < 3; ++log.steps)
    co_await yield();
  co_return 7;
}

task<> order(commit_log& log, int wait) {
  co_await yields(wait);
  log.delivered = co_await shield(1h, commit(log)) == 7;
  co_await yields(wait);
}

/// What was acquired, released, and destroyed without having been released.
struct tally {
  std::atomic<int> acquired{0}, released{0}, lost{0};
};

class held {
public:
  explicit held(tally& of) : of_(&of) { ++of_->acquired; }
  held(held&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  held& operator=(held&&) = delete;
  ~held() {
    if (of_ != nullptr)
      ++of_->lost;
  }

  task<> release() {
    co_await yield();
    ++std::exchange(of_, nullptr)->released;
  }

private:
  tally* of_;
};

task<held> acquire(tally& of, int wait) {
  co_await yields(wait);
  co_return held{of};
}

/// Runs a group of fibers, one of which cancels it after `wait` turns.
template <class Start>
void run_cancelled(thread_pool_executor& pool, int wait, Start start) {
  const outcome<> ended = pool.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < fibers; ++i)
        start(group, i);
      group.start([&group, wait]() -> task<> {
        co_await yields(wait);
        group.cancel();
      });
    });
  });
  REQUIRE(ended.has_value());
}

} // namespace

TEST_CASE("a commit phase is whole and delivered on threads, whenever its group is cancelled", "[scope][stress][B4]") {
  thread_pool_executor pool{2};
  int whole = 0, none = 0;
  for (int round = 0; round < static_cast<int>(seeds(300)); ++round) {
    std::array<commit_log, fibers> logs;
    run_cancelled(pool, round % 9, [&](task_group& group, int i) {
      group.start(order, std::ref(logs[static_cast<std::size_t>(i)]), i);
    });
    for (const commit_log& log : logs) {
      CHECK((log.steps == 0 || log.steps == 3));
      CHECK(log.delivered == (log.steps == 3));
      ++(log.delivered ? whole : none);
    }
  }
  CHECK(whole > 0);
  CHECK(none > 0);
}

TEST_CASE("what an exit stack acquires is released on threads, whenever its group is cancelled",
          "[scope][stress][E1]") {
  thread_pool_executor pool{2};
  tally resources;
  std::atomic<int> finalized{0};
  std::atomic<int> pushed{0};
  const auto block = [&](exit_stack& stack, int wait) -> task<> {
    for (int i = 0; i < 5; ++i) {
      co_await stack.enter(acquire(resources, wait));
      stack.push([&finalized] { ++finalized; });
      ++pushed;
    }
    co_await sleep_until(instant::max());
  };
  for (int round = 0; round < static_cast<int>(seeds(300)); ++round)
    run_cancelled(pool, round % 17, [&](task_group& group, int i) {
      group.start([&block, i] { return in_exit_stack([&block, i](exit_stack& stack) { return block(stack, i); }); });
    });
  CHECK(resources.acquired.load() > 0);
  CHECK(resources.released.load() == resources.acquired.load());
  CHECK(resources.lost.load() == 0);
  CHECK(finalized.load() == pushed.load());
}
