// The waits that need nothing but the fiber: checkpoint and yield.

#pragma once

#include <troupe/scope/fiber.hpp>

#include <coroutine>

namespace troupe {

namespace detail {

class checkpoint_operation {
public:
  enum class turn : bool { keep, give };

  explicit checkpoint_operation(turn what) noexcept : turn_(what) {}

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return !self_->stop_pending() && self_->tick() && turn_ == turn::keep; }
  void await_suspend(std::coroutine_handle<>) const {
    if (self_->stop_pending())
      self_->stop();
    else
      self_->yield();
  }
  void await_resume() const noexcept {}

private:
  fiber* self_ = nullptr;
  turn turn_;
};

} // namespace detail

/// Looks for a pending cancel: for loops without waits.
///
/// @suspends only where the slice of the fiber is used up
/// @cancel   ends the fiber's frames up to the cancelled scope
inline detail::checkpoint_operation checkpoint() noexcept {
  return detail::checkpoint_operation{detail::checkpoint_operation::turn::keep};
}

/// Lets every other ready fiber of this thread run first. A coroutine that starts very many children calls it every
/// 64 or so: they then run while their frames are in the cache.
///
/// @suspends always, for one round
/// @cancel   a checkpoint, at its entry
inline detail::checkpoint_operation yield() noexcept {
  return detail::checkpoint_operation{detail::checkpoint_operation::turn::give};
}

} // namespace troupe
