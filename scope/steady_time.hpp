// The clock of production: std::chrono::steady_clock, and one thread that sleeps to the next timer.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace troupe {

/// Time source over the steady clock.
///
/// Timers fire on its own thread, one at a time and under its lock, which is free after 64 of them at the latest. So
/// `remove` waits for a call that is under way, and for few others. Taking a timer out does not wake the thread: it
/// sleeps to the old instant, finds nothing to do and sleeps on. Nor does putting one in that comes later than that:
/// limits that come and go, each a little later than the one before, wake it once in the time of one of them.
class steady_time final : public time_source {
public:
  /// Starts the thread.
  steady_time();
  /// @pre no timer is pending
  ~steady_time() override;

  instant now() const noexcept override { return real_now(); }
  /// The same, for a thread that runs no fiber, and so has no time source.
  static instant real_now() noexcept;
  void add(timer& added) override;
  void remove(timer& removed) noexcept override;

  /// Ends the thread: no timer fires any more. A second call does nothing.
  ///
  /// @thread one at a time, not from a timer's callback
  void stop() noexcept;

private:
  void run() noexcept;

  std::mutex mutex_; // guards what follows, and is held while a timer fires
  std::condition_variable changed_;
  timer_heap pending_;
  instant wakes_at_ = instant::max(); // when the thread will look again by itself
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace troupe
