// Awaiting a task without throwing: its value or its error as an outcome.

#pragma once

#include <troupe/scope/task.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

/// Base of the awaiters that give an `outcome`. Not copied: the frame points to `stopped_`.
template <class T>
class outcome_awaiter {
public:
  enum class catches : bool { errors, errors_and_stops };

  outcome_awaiter(task<T>&& callee, catches what) noexcept : callee_(std::move(callee)), catches_(what) {}
  outcome_awaiter(const outcome_awaiter&) = delete;
  outcome_awaiter& operator=(const outcome_awaiter&) = delete;

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept {
    promise<T>& started = task_access::start(callee_, *self_, &self_->leaf());
    if (catches_ == catches::errors_and_stops)
      started.station = &stopped_;
    self_->enter(started);
  }
  outcome<T> await_resume() {
    if (stopped_)
      return self_->innermost_scope().cause();
    promise<T>& ended = task_access::promise_of(callee_);
    if (ended.error)
      return ended.error;
    if constexpr (std::is_void_v<T>)
      return {};
    else
      return outcome<T>{ended.take()};
  }

private:
  task<T> callee_;
  fiber* self_ = nullptr;
  catches catches_;
  bool stopped_ = false;
};

} // namespace detail

/// Awaits `callee` and gives its value or error instead of throwing: for what would be a `co_await` in a catch
/// handler, which C++ does not allow.
///
/// @suspends as `callee` does
/// @cancel   passes through: the outcome is never `cancelled`
/// @returns  the value or the error
template <class T>
detail::outcome_awaiter<T> as_outcome(task<T> callee) noexcept {
  return {std::move(callee), detail::outcome_awaiter<T>::catches::errors};
}

} // namespace troupe
