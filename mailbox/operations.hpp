// The waits of a mailbox: send, reserve, receive, join.

#pragma once

#include <troupe/mailbox/received.hpp>

#include <coroutine>
#include <mutex>
#include <optional>
#include <utility>

namespace troupe {

/// What happened to one attempt to send.
enum class send_status : std::uint8_t {
  accepted, ///< The item is in the mailbox.
  full,     ///< No room, or others wait for it; the item was not moved from. Only from `try_send`.
  closed,   ///< The mailbox is closed; no send will succeed again.
};

template <class T>
class permit;

namespace detail {

/// What `send` and `reserve` have in common: one place in the line of senders.
///
/// The mailbox's lock is taken in `await_ready` and, where the operation must wait, released in `await_suspend` after
/// it is in line: one locked instruction, and no moment at which a freed slot could be missed.
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
      waited_ = true;
      state_->waiting_senders().push(*this);
      waiting->park();
    } else {
      waiting->stop();
    }
    state_->lock().unlock(); // from here on somebody may fill or refuse us
  }

protected:
  enum class step : std::uint8_t { go_on, wait, stop };

  explicit sending(mailbox_state<T>& state) noexcept : state_(&state) {}
  ~sending() = default;

  /// Takes the lock and looks: true when the mailbox is open and has room. Otherwise `next_` says what to do, and
  /// with `wait` the lock stays held.
  bool enter() noexcept {
    if (waiting->stop_pending()) [[unlikely]] {
      next_ = step::stop;
      return false;
    }
    state_->lock().lock();
    if (state_->has_room() && !state_->closed()) [[likely]]
      return true;
    if (state_->closed()) {
      ended_ = true;
      state_->lock().unlock();
    } else {
      next_ = step::wait;
    }
    return false;
  }
  /// After the wait, or instead of it.
  void end() noexcept {
    if (waited_ && waiting->decided_early()) { // whoever granted may still hold the lock
      state_->lock().lock();
      state_->lock().unlock();
    }
    ended_ = true;
  }
  /// In the destructor: true when it was awaited and then stopped.
  bool was_stopped() noexcept {
    if (ended_ || waiting == nullptr)
      return false;
    if (waited_) {
      const std::lock_guard held{state_->lock()};
      state_->waiting_senders().remove(*this);
    }
    return true;
  }

  mailbox_state<T>* state_;
  step next_ = step::go_on;
  bool waited_ = false;
  bool ended_ = false;
};

/// Sends an item that lives elsewhere: in the caller's frame, or in `sending_copy`. It is moved from on acceptance.
template <class T>
class [[nodiscard("co_await it")]] send_operation : public sending<T>{
  public : send_operation(mailbox_state<T> & state, T& source) noexcept : sending<T>(state){this->item = &source;
} // namespace detail
~send_operation() {
  if (this->was_stopped())
    this->state_->refuse(std::move(source()), drop_reason::send_cancelled);
}

bool await_ready() {
  if (this->enter()) [[likely]] {
    wakeups woken;
    const std::lock_guard held{this->state_->lock(), std::adopt_lock};
    this->ended_ = true; // first: where putting throws nothing was sent, and nothing was stopped
    this->state_->put(std::move(source()), woken);
    this->accepted = true;
    return this->waiting->tick();
  }
  return this->ended_ && this->waiting->tick();
}
send_status await_resume() {
  this->end();
  if (this->accepted) [[likely]]
    return send_status::accepted;
  this->state_->refuse(std::move(source()), drop_reason::closed);
  return send_status::closed;
}

private:
T& source() noexcept { return *static_cast<T*>(this->item); }
}; // namespace troupe

template <class T>
struct copy_to_send {
  template <class... Args>
  explicit copy_to_send(std::in_place_t, Args&&... args) : copy(std::forward<Args>(args)...) {}
  T copy;
};

/// Sends an item made from arguments.
template <class T>
class [[nodiscard("co_await it")]] send_made_operation : copy_to_send<T>, public send_operation<T>{
  public : template <class... Args>
  explicit send_made_operation(mailbox_state<T> & state, std::in_place_t, Args&&... args) :
      copy_to_send<T>(std::in_place, std::forward<Args>(args)...),
  send_operation<T>(state, this->copy){}
};

template <class T>
class [[nodiscard("co_await it")]] reserve_operation : public sending<T> {
public:
  explicit reserve_operation(mailbox_state<T> & state) noexcept : sending<T>(state) {}
  ~reserve_operation() { this->was_stopped(); }

  bool await_ready() {
    if (this->enter()) [[likely]] {
      const std::lock_guard held{this->state_->lock(), std::adopt_lock};
      this->ended_ = true; // first: as above
      this->state_->reserve_slot();
      this->accepted = true;
      return this->waiting->tick();
    }
    return this->ended_ && this->waiting->tick();
  }
  permit<T> await_resume() noexcept;
};

} // namespace detail

template <class T>
class [[nodiscard("co_await it")]] receive_operation : detail::receiver_node<T> {
public:
  explicit receive_operation(detail::mailbox_state<T> & state) noexcept : state_(&state) {}
  receive_operation(const receive_operation&) = delete;
  receive_operation& operator=(const receive_operation&) = delete;
  ~receive_operation() {
    if (!waited_)
      return;
    const std::lock_guard held{state_->lock()}; // stopped: a receive takes nothing that it does not deliver
    state_->waiting_receivers().remove(*this);
  }

  void attach(fiber & self) noexcept { this->waiting = &self; }
  bool await_ready() noexcept {
    if (this->waiting->stop_pending()) [[unlikely]] {
      stopped_ = true;
      return false;
    }
    state_->lock().lock();
    if (state_->has_item()) [[likely]] {
      detail::wakeups woken;
      const std::lock_guard held{state_->lock(), std::adopt_lock};
      state_->take(this->slot, woken);
      return this->waiting->tick();
    }
    if (state_->drained()) {
      state_->lock().unlock();
      return this->waiting->tick();
    }
    must_wait_ = true; // and the lock stays held
    return false;
  }
  void await_suspend(std::coroutine_handle<>) noexcept {
    if (stopped_)
      return this->waiting->stop();
    if (!must_wait_)
      return this->waiting->yield();
    state_->be_numbered(*this->waiting);
    if (this->waiting->open_wait(fiber::wait_kind::plain, "receive", state_)) {
      waited_ = true;
      state_->waiting_receivers().push(*this);
      this->waiting->park();
    } else {
      this->waiting->stop();
    }
    state_->lock().unlock(); // from here on somebody may fill us
  }
  received<T> await_resume() noexcept {
    if (waited_ && this->waiting->decided_early()) { // whoever granted may still hold the lock
      state_->lock().lock();
      state_->lock().unlock();
    }
    waited_ = false;
    if (!this->slot)
      return {};
    return received<T>{std::move(this->slot), *state_};
  }

private:
  detail::mailbox_state<T>* state_;
  bool stopped_ = false;
  bool must_wait_ = false;
  bool waited_ = false;
};

namespace detail {

template <class T>
class [[nodiscard("co_await it")]] join_operation : wait_node {
public:
  explicit join_operation(mailbox_state<T> & state) noexcept : state_(&state) {}
  ~join_operation() {
    if (!waited_)
      return;
    const std::lock_guard held{state_->lock()};
    state_->waiting_joiners().remove(*this);
  }

  void attach(fiber & self) noexcept { waiting = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept {
    if (waiting->stop_pending())
      return waiting->stop();
    const std::lock_guard held{state_->lock()};
    if (state_->all_settled())
      return waiting->yield();
    state_->be_numbered(*waiting);
    if (!waiting->open_wait(fiber::wait_kind::plain, "join", state_))
      return waiting->stop();
    waited_ = true;
    state_->waiting_joiners().push(*this);
    waiting->park();
  }
  void await_resume() noexcept {
    if (waiting->decided_early()) {
      state_->lock().lock();
      state_->lock().unlock();
    }
    waited_ = false;
  }

private:
  mailbox_state<T>* state_;
  bool waited_ = false;
};

} // namespace detail

} // namespace troupe
