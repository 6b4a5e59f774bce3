// The threads on which blocking work runs.

#pragma once

#include <troupe/scope/offload_queue.hpp>
#include <troupe/scope/time_source.hpp>

#include <condition_variable>
#include <cstddef>
#include <thread>
#include <vector>

namespace troupe::detail {

/// A thread is made when a job finds none idle, up to a maximum, and is kept until the end: a program without blocking
/// work has none. They take no signals.
class offload_threads final : public offload_queue {
public:
  explicit offload_threads(std::size_t threads_max) noexcept : offload_queue(threads_max) {}
  /// Stops.
  ~offload_threads() { stop(); }

  /// Blocks until no function runs any more; false: `until` came first.
  ///
  /// @pre    all fibers have ended: what runs was abandoned
  /// @thread outside of any fiber
  bool wait_idle(instant until);
  /// Waits for the functions that still run, however long that takes, and ends the threads. A second call does nothing.
  ///
  /// @pre    as above
  /// @thread outside of any fiber
  void stop() noexcept;

  /// Threads made so far.
  ///
  /// @thread any
  std::size_t threads();

private:
  void job_queued() override;
  void work() noexcept;

  // guarded by the queue's lock:
  std::condition_variable more_;
  std::condition_variable idle_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace troupe::detail
