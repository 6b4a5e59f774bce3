#include <troupe/scope/assert.hpp>
#include <troupe/scope/offload_threads.hpp>
#include <troupe/scope/signals_masked.hpp>

namespace troupe::detail {

bool offload_threads::wait_idle(instant until) {
  std::unique_lock held{mutex()};
  return idle_.wait_until(held, until, [this] { return running() == 0; });
}

void offload_threads::stop() noexcept {
  {
    const std::lock_guard held{mutex()};
    stopping_ = true;
  }
  more_.notify_all();
  for (std::thread& ending : threads_) // nobody makes threads any more
    ending.join();
  threads_.clear();
}

std::size_t offload_threads::threads() {
  const std::lock_guard held{mutex()};
  return threads_.size();
}

void offload_threads::job_queued() {
  TROUPE_ASSERT(!stopping_, "blocking work was offloaded on an executor that has been stopped");
  if (queued() <= threads_.size() - running()) // one of those without a job waits for this one, or will look
    return more_.notify_one();
  if (threads_.size() == at_once_max())
    return;
  try {
    const signals_masked inherited;
    threads_.emplace_back([this] { work(); });
  } catch (...) {
    if (threads_.empty())
      throw; // else those that are there come to it
  }
}

void offload_threads::work() noexcept {
  std::unique_lock held{mutex()};
  for (;;) {
    if (offload_job* const job = take(0); job != nullptr) {
      held.unlock();
      run(*job);
      held.lock();
      if (running() == 0)
        idle_.notify_all();
    } else if (stopping_) {
      return;
    } else {
      more_.wait(held);
    }
  }
}

} // namespace troupe::detail
