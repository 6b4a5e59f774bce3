#include <troupe/runtime/run_delay.hpp>
#include <troupe/runtime/runtime.hpp>
#include <troupe/runtime/watchdog.hpp>

#include "child_process.hpp"

#include <tests/catch.hpp>
#include <tests/scope/tickets.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <functional>
#include <mutex>
#include <optional>
#include <sched.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;
using tests::child_process;
using tests::end_child;
using tests::in_child_process;

namespace {

constexpr duration longest = 60s; // on any machine

/// Counts, and lets a thread wait for a count: a call that blocks.
class counter {
public:
  void add() {
    const std::lock_guard held{mutex_};
    ++count_;
    changed_.notify_all();
  }
  /// False: `at_most` has passed.
  bool block_until(int count, duration at_most = longest) {
    std::unique_lock held{mutex_};
    return changed_.wait_for(held, at_most, [&] { return count_ >= count; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

/// Keeps its thread, and nobody will say when to go on.
void block_for(duration wait) {
  counter nobody;
  nobody.block_until(1, wait);
}

/// A clock that counts how often it is read, and can be put forward.
class counting_time final : public time_source {
public:
  ~counting_time() override { real_.stop(); }

  instant now() const noexcept override {
    reads.fetch_add(1);
    return real_.now() + ahead.load();
  }
  void add(timer& added) override { real_.add(added); }
  void remove(timer& removed) noexcept override { real_.remove(removed); }

  mutable std::atomic<int> reads{0};
  std::atomic<duration> ahead{duration::zero()};

private:
  steady_time real_;
};

/// A tree on two threads with a watchdog.
class watched_tree final : private detail::watchdog::owner {
public:
  /// @param meanwhile  called on this thread, once the tree runs
  /// @returns the paths that were told
  template <class Function>
  std::vector<std::string> run(
      duration limit, Function&& function, const std::function<void()>& meanwhile = [] {}) {
    auto top = make_root(pool, std::forward<Function>(function));
    top_ = top.get();
    {
      detail::watchdog watching{pool, limit, *this};
      top->start();
      meanwhile();
      top->wait();
    }
    return paths_;
  }

  counting_time time;
  thread_pool_executor pool{time, 2};
  counter told;
  std::function<void()> while_finding = [] {};

private:
  std::optional<detail::fiber_name> find(const fiber* wanted) noexcept override {
    const auto found = detail::find_in_tree(*top_, wanted);
    while_finding();
    return found;
  }
  void tell(const std::optional<detail::fiber_name>& slow, std::uint64_t) noexcept override {
    paths_.push_back(slow ? slow->path : "unknown");
    told.add();
  }

  fiber* top_ = nullptr;
  std::vector<std::string> paths_;
};

/// A sink that knows how many slow slices there were, and whose the last one was.
struct slow_sink final : event_sink {
  void on_event(const event& happened) noexcept override {
    if (happened.kind != event_kind::slow_slice)
      return;
    last = happened.object;
    told.add();
  }

  std::atomic<std::uint64_t> last{0};
  counter told;
};

duration cpu_time_of_this_thread() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

/// While it lives this thread, and those that it starts, have one CPU in common with others that are busy.
class crowded_cpu {
public:
  explicit crowded_cpu(int others) {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
      if (CPU_ISSET(cpu, &before_))
        CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof one, &one);
    for (int i = 0; i < others; ++i)
      others_.emplace_back([this] {
        while (!over_.load(std::memory_order_relaxed)) { // relaxed: the others end a little later
        }
      });
  }
  ~crowded_cpu() {
    over_ = true;
    for (std::thread& each : others_)
      each.join();
    ::sched_setaffinity(0, sizeof before_, &before_);
  }
  crowded_cpu(const crowded_cpu&) = delete;
  crowded_cpu& operator=(const crowded_cpu&) = delete;

private:
  cpu_set_t before_{};
  std::atomic<bool> over_{false};
  std::vector<std::thread> others_;
};

const std::string what_to_do = " without a wait: blocking calls belong in offload(), long computations need a co_await "
                               "yield() now and then\n";

} // namespace

TEST_CASE("a fiber that blocks is told by its path, once for each slice and while it blocks", "[runtime][stress]") {
  watched_tree tree;
  bool in_time = true;
  const auto blocks = [&]() -> task<> {
    in_time = tree.told.block_until(1) && in_time;
    block_for(200ms); // the same slice
    co_await yield();
    in_time = tree.told.block_until(2) && in_time;
  };
  const auto paths = tree.run(20ms, [&]() -> task<> {
    std::optional<child<>> waits;
    co_await in_task_group([&](task_group& group) {
      group.start([]() -> task<> { co_return; });
      waits.emplace(group.start([]() -> task<> { co_await sleep_until(instant::max()); }));
      group.start([&]() -> task<> {
        co_await in_task_group([&](task_group& inner) { inner.start(std::ref(blocks)); });
        waits->cancel();
      });
    });
  });
  CHECK(in_time);
  CHECK(paths == std::vector<std::string>{"/2/0", "/2/0"});
}

TEST_CASE("a fiber that waits for its CPU among others is not told for that, and one that computes is",
          "[runtime][stress]") {
  if (!detail::run_delay(::gettid())) {
    WARN("this system does not say how long a thread has waited for a CPU, so this was not tried");
    return;
  }
  const crowded_cpu shared{8};
  watched_tree tree;
  const auto computes = [](duration lasts) {
    const duration began = cpu_time_of_this_thread();
    while (cpu_time_of_this_thread() - began < lasts) {
    }
  };
  bool in_time = false;
  const auto paths = tree.run(200ms, [&]() -> task<> {
    computes(60ms); // about half a second
    co_await yield();
    CHECK(!tree.told.block_until(1, 0ms));
    while (!in_time) {
      computes(10ms);
      in_time = tree.told.block_until(1, 0ms);
    }
  });
  CHECK(paths == std::vector<std::string>{"/"});
}

TEST_CASE("a slice that ends while its fiber is searched for is not told", "[runtime][stress]") {
  watched_tree tree;
  counter searched, ended;
  tree.while_finding = [&] {
    searched.add();
    ended.block_until(1);
  };
  bool in_time = false;
  const auto paths = tree.run(200ms, [&]() -> task<> {
    in_time = searched.block_until(1);
    co_await yield();
    ended.add(); // the same fiber runs again, and has not run for long
    block_for(50ms);
  });
  CHECK(in_time);
  CHECK(paths == std::vector<std::string>{});
}

TEST_CASE("nobody looks while nothing runs, and a fiber that blocks after that is told", "[runtime][stress]") {
  watched_tree tree;
  tests::tickets go;
  bool in_time = false;
  const auto paths = tree.run(
      20ms,
      [&]() -> task<> {
        co_await go.take();
        in_time = tree.told.block_until(1);
      },
      [&] {
        tree.time.ahead = 2 * detail::slow_slices::quiet_min;
        constexpr duration many_looks = 100ms; // one is made each 5 ms; hangs if they never end
        for (int before = -1; before != tree.time.reads;) {
          before = tree.time.reads;
          block_for(many_looks);
        }
        go.give();
      });
  CHECK(in_time);
  CHECK(paths == std::vector<std::string>{"/"});
}

TEST_CASE("a runtime names a fiber that blocks in one line on standard error, and tells the sink",
          "[runtime][stress]") {
  if (in_child_process()) {
    slow_sink sink;
    runtime here{runtime_options{.slow_slice = 50ms, .sink = &sink}};
    const outcome<> ended = here.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([]() -> task<> { co_await yield(); });
        group.start([&]() -> task<> {
          sink.told.block_until(1);
          block_for(250ms);
          co_return;
        });
      });
    });
    end_child(ended.has_value() && sink.last == 3 && !sink.told.block_until(2, 0ms) ? 0 : 1);
  }
  child_process child;
  CHECK(child.wait_for_end() == 0);
  CHECK(child.output == "troupe: /1 (fiber 3) has kept its thread for more than 50 ms" + what_to_do);
}

TEST_CASE("a fiber of a root that was made by hand is told without a path", "[runtime][stress]") {
  if (in_child_process()) {
    slow_sink sink;
    {
      runtime here{runtime_options{.slow_slice = 50ms, .sink = &sink}};
      auto top = make_root(here.fibers(), [&]() -> task<> {
        sink.told.block_until(1);
        co_return;
      });
      top->start();
      top->wait();
    }
    end_child(sink.last == 0 ? 0 : 1);
  }
  child_process child;
  CHECK(child.wait_for_end() == 0);
  CHECK(child.output ==
        "troupe: a fiber outside of the tree of run() has kept its thread for more than 50 ms" + what_to_do);
}

TEST_CASE("a runtime that is told not to watch says nothing", "[runtime][stress]") {
  if (in_child_process()) {
    slow_sink sink;
    runtime here{runtime_options{.slow_slice = 0ms, .sink = &sink}};
    const outcome<> ended = here.run([]() -> task<> {
      block_for(300ms);
      co_return;
    });
    end_child(ended.has_value() && !sink.told.block_until(1, 0ms) ? 0 : 1);
  }
  child_process child;
  CHECK(child.wait_for_end() == 0);
  CHECK(child.output.empty());
}

TEST_CASE("a fiber that keeps its thread notes the time that it is, not that of its beginning",
          "[runtime][G2][stress]") {
  runtime here{runtime_options{.workers = 1, .slow_slice = 20ms, .handle_signals = false}};
  bool goes_on = false;
  CHECK(here.run([&]() -> task<> {
              const fiber& self = *this_fiber::pointer();
              const detail::coarse_time began = self.about_now();
              for (int times = 0; times != 100 && !goes_on; ++times) {
                block_for(5ms);
                goes_on = self.about_now() - began >= 10;
              }
              co_return;
            })
            .has_value());
  CHECK(goes_on);
}
