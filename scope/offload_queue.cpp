#include <troupe/scope/assert.hpp>
#include <troupe/scope/offload_queue.hpp>

#include <algorithm>

namespace troupe::detail {

offload_queue::offload_queue(std::size_t at_once_max) noexcept : at_once_max_(at_once_max) {
  TROUPE_ASSERT(at_once_max > 0, "blocking work needs at least one thread: offload_threads_max is 0");
}

offload_queue::~offload_queue() {
  TROUPE_ASSERT(queued_ == 0 && running_ == 0,
                "an executor went away with offloaded functions: its roots must have ended");
}

void offload_queue::enqueue(offload_job& job, fiber& self) {
  const std::lock_guard held{mutex_};
  if (!self.open_wait(fiber::wait_kind::plain, "offload", nullptr))
    return self.stop();
  self.park();
  job.waiting = &self;
  job.state_ = offload_job::state::queued;
  waiting_.push(job);
  ++queued_;
  try {
    job_queued();
  } catch (...) {
    waiting_.remove(job);
    --queued_;
    job.state_ = offload_job::state::outside;
    if (self.unpark())
      throw;
    // else a stop was faster
  }
}

bool offload_queue::withdraw(offload_job& job) noexcept {
  const std::lock_guard held{mutex_};
  if (waiting_.remove(job)) {
    --queued_;
    job.state_ = offload_job::state::outside;
  }
  return job.state_ == offload_job::state::outside;
}

bool offload_queue::abandon(offload_job& job) noexcept {
  const std::lock_guard held{mutex_};
  if (job.state_ == offload_job::state::ended)
    return false;
  job.state_ = offload_job::state::abandoned;
  abandoned_.fetch_add(1, std::memory_order_relaxed); // relaxed: see abandoned()
  return true;
}

bool offload_queue::await_end(offload_job& job, fiber& self) noexcept {
  const std::lock_guard held{mutex_};
  if (job.state_ == offload_job::state::ended)
    return false;
  // Always true: a shielded wait is not stopped.
  static_cast<void>(self.open_wait(fiber::wait_kind::shielded, "offload", nullptr));
  self.park();
  return true;
}

std::size_t offload_queue::startable() const noexcept { return std::min(queued_, at_once_max_ - running_); }

offload_job* offload_queue::take(std::size_t index) noexcept {
  if (startable() == 0)
    return nullptr;
  auto* const taken = static_cast<offload_job*>(waiting_.at(index));
  waiting_.remove(*taken);
  --queued_;
  ++running_;
  taken->state_ = offload_job::state::running;
  return taken;
}

void offload_queue::run(offload_job& taken) noexcept {
  taken.call();
  {
    wakeups woken; // flushed after the lock is free
    const std::lock_guard held{mutex_};
    if (taken.state_ != offload_job::state::abandoned) {
      taken.state_ = offload_job::state::ended;
      --running_;
      // False when a cancel was faster: the fiber looks at the state, here or in await_end().
      static_cast<void>(taken.waiting->grant(woken));
      return;
    }
  }
  {
    const ending_marked marked{ending::stopped}; // what it gave is dropped because of a stop
    delete &taken;
  }
  const std::lock_guard held{mutex_};
  --running_;
  abandoned_.fetch_sub(1, std::memory_order_relaxed);
}

task<> wait_for_job(offload_queue& queue, offload_job& job) { co_await offload_wait{queue, job}; }

} // namespace troupe::detail
