// Waiting for an instant.

#pragma once

#include <troupe/scope/fiber.hpp>
#include <troupe/scope/time_source.hpp>

#include <coroutine>

namespace troupe {

namespace detail {

class sleep_operation final : timer {
public:
  explicit sleep_operation(instant until) noexcept : timer(until, &wake) {}
  explicit sleep_operation(duration wait) noexcept : timer(instant{}, &wake), wait_(wait), relative_(true) {}
  ~sleep_operation() { take_back(); }

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) {
    time_source& time = self_->runs_on().time();
    if (self_->stop_pending())
      return self_->stop();
    const instant now = time.now();
    const instant until = relative_ ? saturated(now, wait_) : when();
    if (until <= now)
      return self_->yield();
    set_when(until);
    if (!self_->open_wait(fiber::wait_kind::plain, "sleep", nullptr))
      return self_->stop();
    self_->park();
    if (until == instant::max())
      return; // for ever: only a cancel ends it
    pending_ = true;
    try {
      time.add(*this); // may fire at once; this fiber is still on its thread, so the frame stays
    } catch (...) {
      pending_ = false;
      if (self_->unpark())
        throw;
    }
  }
  void await_resume() noexcept { take_back(); }

private:
  static void wake(timer& fired, wakeups& woken) noexcept;

  void take_back() noexcept {
    if (pending_)
      self_->runs_on().time().remove(*this); // also waits for a call that is under way
    pending_ = false;
  }

  fiber* self_ = nullptr;
  duration wait_{};
  bool relative_ = false;
  bool pending_ = false;
};

} // namespace detail

/// Waits until `wait` has passed on the executor's clock, counted from the await. A zero or negative `wait` yields.
///
/// @suspends always
/// @cancel   ends the sleep at once
template <class Rep, class Period>
detail::sleep_operation sleep_for(std::chrono::duration<Rep, Period> wait) noexcept {
  return detail::sleep_operation{clipped(wait)};
}

/// Waits until `until` on the executor's clock. An instant that has passed yields.
///
/// @suspends always
/// @cancel   ends the sleep at once
inline detail::sleep_operation sleep_until(instant until) noexcept { return detail::sleep_operation{until}; }

} // namespace troupe
