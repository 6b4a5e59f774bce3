// A wait that nothing grants.

#pragma once

#include <troupe/scope/fiber.hpp>

#include <coroutine>

namespace troupe::detail {

/// Only a cancel ends it, so it never gives anything. (A sleep would be a timer, and the race clock may fire any.)
class endless_wait {
public:
  /// @param what  as in `fiber::open_wait`
  endless_wait(fiber::wait_kind kind, const char* what) noexcept : kind_(kind), what_(what) {}

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) {
    if (self_->open_wait(kind_, what_, nullptr))
      self_->park();
    else
      self_->stop();
  }
  void await_resume() const noexcept {}

private:
  fiber* self_ = nullptr;
  fiber::wait_kind kind_;
  const char* what_;
};

} // namespace troupe::detail
