// The waits of the sending side: send, reserve.

#pragma once

#include <troupe/mailbox/mailbox_state.hpp>

#include <coroutine>
#include <mutex>
#include <optional>
#include <utility>

namespace troupe {

template <class T>
class permit;

namespace detail {

/// @pre it was not accepted
inline drop_reason reason_to_refuse(send_status status) noexcept {
  return status == send_status::closed ? drop_reason::closed
         : status == send_status::full ? drop_reason::rejected
                                       : drop_reason::newest;
}

/// What `send` and `reserve` have in common: one place in the line of senders.
///
/// The mailbox's lock is taken in `await_ready` and, where the operation must wait, released in `await_suspend` after
/// it is in line: one locked instruction, and no moment at which a freed slot could be missed. What the fast way does
/// not need stays uninitialised.
template <class T>
class sending : protected sender_node {
public:
  void attach(fiber& self) noexcept { waiting = &self; }

  void await_suspend(std::coroutine_handle<>) {
    switch (next_) {
    case step::go_on:
      return waiting->yield();
    case step::stop:
      return waiting->stop();
    case step::wait:
      break;
    }
    state_->be_numbered(*waiting);
    if (waiting->open_wait(fiber::wait_kind::plain, item != nullptr ? "send" : "reserve", state_)) {
      ends_ = end::waits;
      state_->waiting_senders().push(*this);
      waiting->park();
    } else {
      waiting->stop();
    }
    state_->lock().unlock(); // from here on somebody may fill or refuse us
  }

protected:
  enum class step : std::uint8_t { go_on, wait, stop };
  enum class end : std::uint8_t {
    not_yet, ///< Not awaited, or stopped before it was in line.
    waits,   ///< In line; once resumed, `accepted` or closed.
    ended,   ///< `status_` says how.
  };

  explicit sending(mailbox_state<T>& state) noexcept : state_(&state) { waiting = nullptr; }
  ~sending() = default;

  /// What an operation that cannot go the fast way does: `offer(gone, woken)`, and what full means. With the lock held;
  /// releases it unless it must wait.
  template <class Offer>
  bool enter_slowly(bool waits_when_full, Offer offer) {
    std::unique_lock held{state_->lock(), std::adopt_lock};
    ends_ = end::ended; // first: where this throws nothing was sent, and nothing was stopped
    std::optional<stored<T>> gone;
    {
      wakeups woken;
      status_ = offer(gone, woken);
      if (status_ == send_status::full && waits_when_full) {
        held.release();
        ends_ = end::not_yet;
        next_ = step::wait;
        accepted = false;
        return false;
      }
      held.unlock();
    }
    state_->settle_gone(gone);
    return waiting->tick();
  }
  bool stop_at_entry() noexcept {
    if (!waiting->stop_pending()) [[likely]]
      return false;
    next_ = step::stop;
    return true;
  }
  /// After the wait, or instead of it.
  send_status finish() noexcept {
    if (ends_ == end::waits) {
      status_ = accepted ? send_status::accepted : send_status::closed;
      ends_ = end::ended;
    }
    return status_;
  }
  /// In the destructor: true when it was awaited and then stopped.
  bool was_stopped() noexcept {
    if (ends_ == end::ended || waiting == nullptr) [[likely]]
      return false;
    if (ends_ == end::waits) {
      const std::lock_guard held{state_->lock()};
      state_->waiting_senders().remove(*this);
    }
    return true;
  }

  mailbox_state<T>* state_;
  step next_ = step::go_on;
  end ends_ = end::not_yet;
  send_status status_;
};

/// Sends an item that lies elsewhere: in the caller's frame, or in `send_made_operation`. It is moved from on acceptance.
template <class T>
class [[nodiscard]] send_operation : public sending<T> {
public:
  send_operation(mailbox_state<T>& state, stored<T>& source) noexcept : sending<T>(state) { this->item = &source; }
  ~send_operation() {
    if (this->was_stopped()) [[unlikely]]
      refuse(drop_reason::send_cancelled);
  }

  bool await_ready() {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    mailbox_state<T>& state = *this->state_;
    state.lock().lock();
    if (!state.takes_plainly()) [[unlikely]]
      return this->enter_slowly(state.on_full() == overflow::suspend,
                                [&](auto& gone, wakeups& woken) { return state.offer(source(), gone, woken); });
    state.put_plainly(std::move(source()));
    state.lock().unlock();
    this->ends_ = sending<T>::end::ended;
    this->status_ = send_status::accepted;
    return this->waiting->tick();
  }
  send_status await_resume() noexcept {
    const send_status status = this->finish();
    if (status != send_status::accepted) [[unlikely]]
      refuse(reason_to_refuse(status));
    return status;
  }

private:
  stored<T>& source() noexcept { return *static_cast<stored<T>*>(this->item); }
  [[gnu::noinline]] void refuse(drop_reason reason) noexcept {
    this->state_->refuse(std::move(opened(source())), reason);
  }
};

template <class T>
struct item_to_send {
  template <class... Args>
  explicit item_to_send(std::in_place_t, Args&&... args) : made(make(std::forward<Args>(args)...)) {}
  stored<T> made;

private:
  template <class... Args>
  static stored<T> make(Args&&... args) {
    if constexpr (lies_directly<T>)
      return T(std::forward<Args>(args)...);
    else
      return boxed<T>(std::in_place, std::forward<Args>(args)...);
  }
};

/// Sends an item made from arguments.
template <class T>
class [[nodiscard]] send_made_operation : item_to_send<T>, public send_operation<T> {
public:
  template <class... Args>
  explicit send_made_operation(mailbox_state<T>& state, std::in_place_t, Args&&... args)
      : item_to_send<T>(std::in_place, std::forward<Args>(args)...), send_operation<T>(state, this->made) {}
};

/// Waits for a slot.
template <class T>
class [[nodiscard]] reserve_operation : public sending<T> {
public:
  explicit reserve_operation(mailbox_state<T>& state) noexcept : sending<T>(state) { this->item = nullptr; }
  ~reserve_operation() { static_cast<void>(this->was_stopped()); }

  bool await_ready() {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    this->state_->lock().lock();
    return this->enter_slowly(true, [&](auto&, wakeups&) { return this->state_->offer_slot(); });
  }
  permit<T> await_resume() noexcept;
};

/// Sends an item whose move may throw: waits for a slot, and moves the item only when it has one, on its own fiber. A
/// move that throws gives the slot back.
template <class T>
class [[nodiscard]] send_by_permit_operation : public sending<T> {
public:
  send_by_permit_operation(mailbox_state<T>& state, T& source) noexcept : sending<T>(state), source_(&source) {
    this->item = nullptr;
  }
  ~send_by_permit_operation() {
    if (this->was_stopped())
      this->state_->refuse(std::move(*source_), drop_reason::send_cancelled);
  }

  bool await_ready() {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    this->state_->lock().lock();
    return this->enter_slowly(this->state_->on_full() == overflow::suspend,
                              [&](auto& gone, wakeups&) { return this->state_->offer_slot_or_make_one(gone); });
  }
  send_status await_resume();

private:
  T* source_;
};

} // namespace detail

} // namespace troupe
