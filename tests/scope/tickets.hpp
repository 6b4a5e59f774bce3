// The smallest thing that fibers can wait for: what the tests of executors wake with.

#pragma once

#include <troupe/scope/fiber.hpp>
#include <troupe/scope/wait_list.hpp>

#include <mutex>

namespace troupe::tests {

/// A counting semaphore whose waiters are fibers. Anybody may give.
class tickets {
public:
  class take_operation;

  tickets() = default;
  tickets(const tickets&) = delete;
  tickets& operator=(const tickets&) = delete;

  void give() {
    detail::wakeups woken; // flushed after the lock is free
    const std::lock_guard held{lock_};
    while (detail::wait_node* const first = waiters_.pop())
      if (first->waiting->grant(woken))
        return;
    ++count_;
  }
  take_operation take() noexcept;

private:
  detail::spinlock lock_;
  detail::wait_list waiters_;
  int count_ = 0;
};

class tickets::take_operation : detail::wait_node {
public:
  explicit take_operation(tickets& of) noexcept : of_(of) {}
  ~take_operation() {
    const std::lock_guard held{of_.lock_};
    of_.waiters_.remove(*this); // still in it only if stopped
  }

  void attach(fiber& self) noexcept { waiting = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept {
    if (waiting->stop_pending())
      return waiting->stop();
    const std::lock_guard held{of_.lock_};
    if (of_.count_ > 0) {
      --of_.count_;
      waiting->yield();
    } else if (waiting->open_wait(fiber::wait_kind::plain, "take a ticket", nullptr)) {
      of_.waiters_.push(*this);
      waiting->park();
    } else {
      waiting->stop();
    }
  }
  void await_resume() const noexcept {}

private:
  tickets& of_;
};

inline tickets::take_operation tickets::take() noexcept { return take_operation{*this}; }

} // namespace troupe::tests
