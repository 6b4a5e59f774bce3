// The waits of the receiving side: receive, one item or several, and join.

#pragma once

#include <troupe/mailbox/received.hpp>

#include <algorithm>
#include <coroutine>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

namespace detail {

/// One place in the line of receivers, and what every receive does. As in `sending`, the lock is kept from a look that
/// finds nothing until the operation is in line.
template <class T>
class receiving : protected receiver_node<T> {
public:
  void attach(fiber& self) noexcept { this->waiting = &self; }

  void await_suspend(std::coroutine_handle<>) noexcept {
    switch (next_) {
    case step::go_on:
      return this->waiting->yield();
    case step::stop:
      return this->waiting->stop();
    case step::wait:
      break;
    }
    state_->be_numbered(*this->waiting);
    if (this->waiting->open_wait(fiber::wait_kind::plain, "receive", state_)) {
      waits_ = true;
      state_->waiting_receivers().push(*this);
      this->waiting->park();
    } else {
      this->waiting->stop();
    }
    state_->lock().unlock(); // from here on somebody may fill us
  }

protected:
  enum class step : std::uint8_t { go_on, wait, stop };

  explicit receiving(mailbox_state<T>& state) noexcept : state_(&state) {}
  ~receiving() {
    if (!waits_) [[likely]]
      return;
    const std::lock_guard held{state_->lock()}; // stopped: a receive takes nothing that it does not deliver
    state_->waiting_receivers().remove(*this);
  }

  bool stop_at_entry() noexcept {
    if (!this->waiting->stop_pending()) [[likely]]
      return false;
    next_ = step::stop;
    return true;
  }
  /// With the lock held, and nothing to take. Releases it unless it must wait.
  bool nothing_there() noexcept {
    if (!state_->drained()) {
      next_ = step::wait;
      return false;
    }
    state_->lock().unlock();
    return this->waiting->tick();
  }
  void after_wait() noexcept { waits_ = false; }

  mailbox_state<T>* state_;
  step next_ = step::go_on;
  bool waits_ = false;
};

} // namespace detail

/// Takes one item out of a mailbox that several read: under the lock.
template <class T>
class [[nodiscard]] receive_operation : public detail::receiving<T> {
public:
  explicit receive_operation(detail::mailbox_state<T>& state) noexcept : detail::receiving<T>(state) {}

  bool await_ready() noexcept {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    detail::mailbox_state<T>& state = *this->state_;
    fiber& self = *this->waiting;
    const std::uint32_t settled = self.take_noted(state);
    state.lock().lock();
    if (state.gives_plainly()) [[likely]] {
      state.take_plainly(this->slot, settled);
      state.lock().unlock();
      return self.tick();
    }
    return take_slowly(settled);
  }
  received<T> await_resume() noexcept {
    this->after_wait();
    if (!this->slot)
      return {};
    return received<T>{std::move(this->slot), *this->state_, *this->waiting};
  }

private:
  [[gnu::noinline]] bool take_slowly(std::uint32_t settled) noexcept {
    for (;;) {
      detail::wakeups woken;
      std::unique_lock held{this->state_->lock(), std::adopt_lock};
      this->state_->count_settled(std::exchange(settled, 0u), woken);
      if (this->state_->has_item()) {
        this->state_->take(this->slot, woken);
        return this->waiting->tick();
      }
      if (woken.empty()) {
        held.release();
        return this->nothing_there();
      }
      held.unlock();
      woken.flush();
      this->state_->lock().lock();
    }
  }
};

/// Takes one item out of a mailbox with one reader: from its claim, without a lock, while that lasts.
template <class T>
class [[nodiscard]] claim_operation : public detail::receiving<T> {
public:
  explicit claim_operation(detail::mailbox_state<T>& state) noexcept : detail::receiving<T>(state) {}

  bool await_ready() noexcept {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    if (this->state_->has_claimed()) [[likely]] {
      this->state_->take_claimed(this->slot);
      this->waiting->note_taken(*this->state_);
      return this->waiting->tick();
    }
    return claim_more();
  }
  received<T> await_resume() noexcept {
    this->after_wait();
    if (!this->slot)
      return {};
    return received<T>{std::move(this->slot), *this->state_, *this->waiting};
  }

private:
  [[gnu::noinline]] bool claim_more() noexcept {
    fiber& self = *this->waiting;
    std::uint32_t settled = self.take_noted(*this->state_);
    this->state_->lock().lock();
    for (;;) {
      detail::wakeups woken;
      std::unique_lock held{this->state_->lock(), std::adopt_lock};
      this->state_->count_settled(std::exchange(settled, 0u), woken);
      if (this->state_->claim_and_take(this->slot, woken))
        self.note_taken(*this->state_);
      if (this->slot)
        return self.tick();
      if (woken.empty()) {
        held.release();
        return this->nothing_there();
      }
      held.unlock();
      woken.flush();
      this->state_->lock().lock();
    }
  }
};

namespace detail {

/// Waits until all is settled.
template <class T>
class [[nodiscard]] join_operation : wait_node {
public:
  explicit join_operation(mailbox_state<T>& state) noexcept : state_(&state) {}
  ~join_operation() {
    if (!waits_)
      return;
    const std::lock_guard held{state_->lock()};
    state_->waiting_joiners().remove(*this);
  }

  void attach(fiber& self) noexcept { waiting = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept {
    if (waiting->stop_pending())
      return waiting->stop();
    waiting->tell_books(); // what this fiber itself has let go of
    const std::lock_guard held{state_->lock()};
    if (state_->all_settled())
      return waiting->yield();
    state_->be_numbered(*waiting);
    if (!waiting->open_wait(fiber::wait_kind::plain, "join", state_))
      return waiting->stop();
    waits_ = true;
    state_->waiting_joiners().push(*this);
    waiting->park();
  }
  void await_resume() noexcept { waits_ = false; }

private:
  mailbox_state<T>* state_;
  bool waits_ = false;
};

} // namespace detail

} // namespace troupe
