#include <troupe/scope/offload_threads.hpp>

#include <troupe/scope/offload.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

task<> offloads_nothing() { co_return; }

task<> offloads_in_turn(int times, std::set<std::thread::id>& on) {
  for (int i = 0; i < times; ++i)
    co_await offload([&] { on.insert(std::this_thread::get_id()); });
}

} // namespace

TEST_CASE("threads for blocking work are made when they are needed, and kept", "[scope][stress]") {
  thread_pool_executor executor{2};
  REQUIRE(executor.run(offloads_nothing).has_value());
  CHECK(executor.offloads()->threads() == 0);
  std::set<std::thread::id> on;
  REQUIRE(executor.run(offloads_in_turn, 100, std::ref(on)).has_value());
  CHECK(executor.offloads()->threads() == 1);
  CHECK(on.size() == 1);
  CHECK(on.count(std::this_thread::get_id()) == 0);
}

namespace {

/// Runs its fibers on the thread that calls it, where signals are open, and their blocking work elsewhere.
class on_this_thread final : public executor {
public:
  on_this_thread() : executor(clock_) {}
  void schedule(fiber& ready) noexcept override {
    const std::lock_guard held{mutex_};
    ready_.push_back(&ready);
    changed_.notify_one();
  }
  void schedule_last(fiber& ready) noexcept override { schedule(ready); }
  detail::offload_threads* offloads() noexcept override { return &offloads_; }

  template <class T>
  void run(root<T>& top) {
    for (top.start(); !top.has_ended();) {
      std::unique_lock held{mutex_};
      changed_.wait(held, [this] { return !ready_.empty(); });
      fiber& next = *ready_.front();
      ready_.pop_front();
      held.unlock();
      next.run();
    }
  }

private:
  steady_time clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<fiber*> ready_;
  detail::offload_threads offloads_{2};
};

} // namespace

TEST_CASE("threads for blocking work take no signals, also when a thread that does makes them", "[scope][stress]") {
  on_this_thread executor;
  const auto mask_here = [] {
    sigset_t here;
    pthread_sigmask(SIG_SETMASK, nullptr, &here);
    return here;
  };
  const auto top = make_root(executor, [&]() -> task<> {
    sigset_t own = mask_here();
    sigset_t mask = co_await offload(mask_here);
    CHECK(sigismember(&own, SIGTERM) == 0);
    CHECK(sigismember(&mask, SIGINT) == 1);
    CHECK(sigismember(&mask, SIGTERM) == 1);
    CHECK(sigismember(&mask, SIGSEGV) == 0);
    own = mask_here();
    CHECK(sigismember(&own, SIGTERM) == 0);
  });
  executor.run(*top);
  CHECK(top->take().has_value());
}

TEST_CASE("an executor that offloads can be started and stopped 200 times", "[scope][stress]") {
  for (int i = 0; i < 200; ++i) {
    thread_pool_executor executor{static_cast<std::size_t>(1 + i % 3)};
    std::set<std::thread::id> on;
    if (i % 4 != 0)
      REQUIRE(executor.run(offloads_in_turn, i % 4, std::ref(on)).has_value());
  }
}

TEST_CASE("waiting for abandoned functions ends at the limit, or when the last has returned", "[scope][B8][stress]") {
  thread_pool_executor executor{1};
  detail::offload_threads& threads = *executor.offloads();
  CHECK(threads.wait_idle(instant{})); // none runs
  std::atomic<bool> begun{false};
  std::atomic<bool> go_on{false};
  const auto top = make_root(executor, [&]() -> task<> {
    co_await offload_abandon([&] { // what it refers to outlives the executor's threads, or is waited for below
      begun = true;
      while (!go_on)
        std::this_thread::yield();
    });
  });
  top->start();
  while (!begun)
    std::this_thread::yield();
  top->cancel();
  top->wait();
  CHECK_FALSE(threads.wait_idle(executor.time().now() + 1ms));
  CHECK_FALSE(threads.wait_idle(instant{}));
  go_on = true;
  CHECK(threads.wait_idle(instant::max()));
  CHECK(executor.abandoned() == 0);
}
