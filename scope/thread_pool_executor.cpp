#include <troupe/scope/signals_masked.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <algorithm>
#include <thread>

namespace troupe {

namespace {

std::size_t threads_for(std::size_t wanted) noexcept {
  return wanted != 0 ? wanted : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

} // namespace

/// A thread that waits until its carrier is brought, and lets it work.
class thread_pool_executor::worker {
public:
  explicit worker(carrier& works) : carrier_(works) {
    const detail::signals_masked inherited;
    thread_ = std::thread{[this] { run(); }};
  }
  ~worker() {
    tell([this] { ends_ = true; });
    thread_.join();
  }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void bring() noexcept {
    tell([this] { brought_ = true; });
  }

private:
  template <class Change>
  void tell(Change change) noexcept {
    {
      const std::lock_guard held{mutex_};
      change();
    }
    told_.notify_one();
  }

  void run() noexcept {
    std::unique_lock held{mutex_};
    for (;;) {
      told_.wait(held, [this] { return brought_ || ends_; });
      if (!brought_)
        return;
      brought_ = false; // before it works: it may be brought again as soon as it is home
      held.unlock();
      while (carrier_.work()) {
      }
      held.lock();
    }
  }

  carrier& carrier_;
  std::mutex mutex_;
  std::condition_variable told_;
  bool brought_ = false;
  bool ends_ = false;
  std::thread thread_;
};

thread_pool_executor::thread_pool_executor(std::size_t threads, event_sink* sink, std::size_t offload_threads_max)
    : thread_pool_executor(std::make_unique<steady_time>(), threads, sink, offload_threads_max) {}

thread_pool_executor::thread_pool_executor(std::unique_ptr<steady_time> owned, std::size_t threads, event_sink* sink,
                                           std::size_t offload_threads_max)
    : own_time{std::move(owned)}, carrier_pool(*owned_time, sink, threads_for(threads)),
      offloads_(offload_threads_max) {
  start();
}

thread_pool_executor::thread_pool_executor(time_source& given, std::size_t threads, event_sink* sink,
                                           std::size_t offload_threads_max)
    : carrier_pool(given, sink, threads_for(threads)), offloads_(offload_threads_max) {
  start();
}

thread_pool_executor::~thread_pool_executor() {
  wait_for_abandoned_fibers(); // while time goes on
  if (owned_time != nullptr)
    owned_time->stop();
  offloads_.stop(); // before the carriers: a function's last word may be to wake a fiber
  stop();
  workers_.clear();
}

void thread_pool_executor::start() {
  workers_.reserve(carriers());
  for (std::size_t index = 0; index < carriers(); ++index)
    workers_.push_back(std::make_unique<worker>(at(index)));
}

void thread_pool_executor::bring(carrier& brought) noexcept { workers_[brought.index()]->bring(); }

} // namespace troupe
