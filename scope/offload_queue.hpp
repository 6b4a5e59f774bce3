// Blocking work that waits for a thread: who may begin, who waits for the end, and who has left.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/scope/wait_list.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace troupe::detail {

/// One call of blocking work. It belongs to the fiber that waits for it, until that fiber abandons it.
class offload_job : private wait_node {
public:
  virtual ~offload_job() = default;

  /// Requests the stop token that the function was given.
  ///
  /// @thread the fiber's, before it abandons the job
  virtual void request_stop() noexcept = 0;

protected:
  /// Calls the function, keeps what it gives or throws, and lets the function go.
  ///
  /// @thread one that may block
  virtual void call() noexcept = 0;

private:
  friend class offload_queue;

  enum class state : std::uint8_t {
    outside, ///< Not begun: not queued yet, or withdrawn.
    queued,
    running,   ///< Its fiber waits, or is about to.
    abandoned, ///< Running, and its fiber has left: whoever runs it destroys it.
    ended,
  };

  state state_ = state::outside; // guarded by the queue's lock
};

/// Where the jobs of one executor wait, first come first served, until those that run are few enough.
///
/// Its one lock guards all of its jobs. A fiber opens its wait under it, and whoever runs the job grants the wait under
/// it and does not touch the job afterwards, because the fiber may destroy it then. Each fiber that waits brings its
/// own job, so the queue needs no bound and no memory.
class offload_queue {
public:
  offload_queue(const offload_queue&) = delete;
  offload_queue& operator=(const offload_queue&) = delete;

  /// Queues a job and opens the wait of `self` for its end, from `await_suspend`.
  ///
  /// @throws std::system_error  no thread could be made and there is none; the job is not queued, nothing waits
  /// @thread the fiber's
  void enqueue(offload_job& job, fiber& self);
  /// Takes back a job that has not begun; false: it has.
  ///
  /// @thread the fiber's
  bool withdraw(offload_job& job) noexcept;
  /// Leaves a job that runs: from here on it belongs to whoever runs it. False: it has ended, and is still the
  /// caller's.
  ///
  /// @pre    it has begun
  /// @thread the fiber's
  bool abandon(offload_job& job) noexcept;
  /// Opens a shielded wait for the end, from `await_suspend`; false: it has ended.
  ///
  /// @thread the fiber's
  bool await_end(offload_job& job, fiber& self) noexcept;
  /// Jobs that were abandoned and have not ended.
  ///
  /// @thread any
  std::size_t abandoned() const noexcept {
    return abandoned_.load(std::memory_order_relaxed); // relaxed: a number for people
  }

protected:
  explicit offload_queue(std::size_t at_once_max) noexcept;
  ~offload_queue();

  /// Under the lock, after each job that was queued: sees that somebody will run it.
  ///
  /// @throws nobody will, and nobody knows of it
  virtual void job_queued() = 0;

  std::mutex& mutex() noexcept { return mutex_; }
  /// @name Under the lock
  ///@{
  std::size_t queued() const noexcept { return queued_; }
  std::size_t running() const noexcept { return running_; }
  std::size_t at_once_max() const noexcept { return at_once_max_; }
  /// How many of the queued may begin now.
  std::size_t startable() const noexcept;
  /// Takes out the job at `index`, counted from the one that waits longest. Null: none may begin.
  ///
  /// @pre index < startable(), or 0
  offload_job* take(std::size_t index) noexcept;
  ///@}

  /// Calls the job and tells its end. Not under the lock.
  void run(offload_job& taken) noexcept;

private:
  std::mutex mutex_;
  wait_list waiting_;
  std::size_t queued_ = 0;
  std::size_t running_ = 0; // abandoned ones as well
  const std::size_t at_once_max_;
  std::atomic<std::size_t> abandoned_{0}; // written under the lock
};

/// Queues a job and waits for its end.
class offload_wait {
public:
  offload_wait(offload_queue& queue, offload_job& job) noexcept : queue_(queue), job_(job) {}

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) {
    if (self_->stop_pending())
      self_->stop();
    else
      queue_.enqueue(job_, *self_);
  }
  void await_resume() const noexcept {}

private:
  offload_queue& queue_;
  offload_job& job_;
  fiber* self_ = nullptr;
};

/// The same as a task, for `catch_stop`.
task<> wait_for_job(offload_queue& queue, offload_job& job);

/// For a station: waits for the end of a job that has begun, whoever cancels.
class offload_end_wait {
public:
  offload_end_wait(offload_queue& queue, offload_job& job) noexcept : queue_(queue), job_(job) {}

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) noexcept { return queue_.await_end(job_, *self_); }
  void await_resume() const noexcept {}

private:
  offload_queue& queue_;
  offload_job& job_;
  fiber* self_ = nullptr;
};

} // namespace troupe::detail
