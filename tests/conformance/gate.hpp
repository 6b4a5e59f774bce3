// A wait that no cancel ends: it ends when somebody opens the gate.

#pragma once

#include <troupe/scope/fiber.hpp>

#include <coroutine>

namespace troupe::tests {

/// What a fiber waits for that cannot be given up at once, such as an operation of the system that is under way.
/// For one fiber at a time, in the simulator: it has no lock.
class gate {
public:
  class pass_operation {
  public:
    explicit pass_operation(gate& of) noexcept : gate_(of) {}

    void attach(fiber& self) noexcept { gate_.waiting_ = &self; }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) noexcept {
      if (gate_.waiting_->open_wait(fiber::wait_kind::shielded, "pass a gate", nullptr))
        gate_.waiting_->park();
    }
    void await_resume() const noexcept {}

  private:
    gate& gate_;
  };

  /// Waits until the gate is opened.
  ///
  /// @suspends until then
  /// @cancel   stays pending
  pass_operation pass() noexcept { return pass_operation{*this}; }

  /// Lets the waiting fiber pass.
  void open() noexcept {
    detail::wakeups woken;
    static_cast<void>(waiting_->grant(woken));
  }

private:
  fiber* waiting_ = nullptr;
};

} // namespace troupe::tests
