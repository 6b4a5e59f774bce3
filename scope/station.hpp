// What scopes, deadlines and groups are made of: frames at which a stop halts, waits for its people, and goes on.

#pragma once

#include <troupe/scope/as_outcome.hpp>

#include <coroutine>
#include <utility>

namespace troupe::detail {

/// For stations: also gives the stop, after all frames of `callee` are gone.
template <class T>
outcome_awaiter<T> catch_stop(task<T> callee) noexcept {
  return {std::move(callee), outcome_awaiter<T>::catches::errors_and_stops};
}

/// For stations: the walk goes on from here. Never returns to its frame.
class continue_stop {
public:
  continue_stop() noexcept {}
  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept { self_->stop(); }
  void await_resume() const noexcept {}

private:
  fiber* self_ = nullptr;
};

/// For stations: the fiber they run in. No checkpoint, never suspends.
class current_fiber {
public:
  current_fiber() noexcept {}
  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  fiber& await_resume() const noexcept { return *self_; }

private:
  fiber* self_ = nullptr;
};

} // namespace troupe::detail
