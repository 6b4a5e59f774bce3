// The waits of the sending side: send, reserve.

#pragma once

#include <troupe/mailbox/mailbox_state.hpp>
#include <troupe/scope/wait_for_graph.hpp>
#include <troupe/scope/would_deadlock.hpp>

#include <coroutine>
#include <mutex>
#include <optional>
#include <string>
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
    const bool in_line = ends_ == end::waits;
    state_->lock().unlock(); // from here on somebody may fill or refuse us, and the fiber is run once we have returned
    if (in_line && waiting->is_waited_for()) [[unlikely]]
      throw_if_it_never_ends();
  }

protected:
  enum class step : std::uint8_t { go_on, wait, stop };
  enum class end : std::uint8_t {
    not_awaited,
    stopped,  ///< Awaited, and stopped unless something else comes of it.
    waits,    ///< In line; once resumed, `accepted` or closed.
    accepted, ///< Or refused, as said:
    full,
    dropped,
    closed,
    threw, ///< Nothing was sent, and nothing was stopped.
  };

  explicit sending(mailbox_state<T>& state) noexcept : state_(&state) {}
  ~sending() = default;

  /// What an operation that cannot go the fast way does: `offer(gone, woken)`, and what full means. With the lock held;
  /// releases it unless it must wait.
  template <class Offer>
  bool enter_slowly(bool waits_when_full, stored<T>* to_move_from, Offer offer) {
    std::unique_lock held{state_->lock(), std::adopt_lock};
    ends_ = end::threw; // unless the rest is done
    maybe<stored<T>> gone;
    {
      wakeups woken;
      const send_status status = offer(gone, woken);
      if (status == send_status::full && waits_when_full) {
        held.release();
        item = to_move_from;
        accepted = false;
        ends_ = end::stopped;
        next_ = step::wait;
        return false;
      }
      ends_ = ended_with(status);
      held.unlock();
    }
    state_->settle_gone(gone);
    // Who closed it may have been stopped by a cancel that came after our look and stops us too: then that is the news.
    if (ends_ == end::closed && stop_at_entry())
      return false;
    return waiting->tick();
  }
  bool stop_at_entry() noexcept {
    if (!waiting->stop_pending()) [[likely]]
      return false;
    ends_ = end::stopped;
    next_ = step::stop;
    return true;
  }
  /// After the wait, or instead of it.
  send_status finish() noexcept {
    if (ends_ == end::waits) {
      wait_for_graph::remove(*waiting);
      ends_ = sender_node::accepted ? end::accepted : end::closed;
    }
    return ends_ == end::full      ? send_status::full
           : ends_ == end::dropped ? send_status::dropped
           : ends_ == end::closed  ? send_status::closed
                                   : send_status::accepted;
  }
  /// In the destructor: true when it was awaited and then stopped.
  bool was_stopped() noexcept {
    if (ends_ != end::stopped && ends_ != end::waits) [[likely]]
      return false;
    if (ends_ == end::waits) {
      wait_for_graph::remove(*waiting);
      const std::lock_guard held{state_->lock()};
      state_->waiting_senders().remove(*this);
    }
    return true;
  }
  [[gnu::noinline]] void throw_if_it_never_ends() {
    const std::optional<std::string> cycle = wait_for_graph::add(*waiting, *state_);
    if (!cycle)
      return;
    {
      const std::lock_guard held{state_->lock()};
      if (!state_->waiting_senders().remove(*this))
        return; // a cancel or a close was faster
    }
    if (!waiting->unpark())
      return;
    ends_ = end::threw;
    throw would_deadlock{*cycle};
  }

  static end ended_with(send_status status) noexcept {
    return status == send_status::accepted  ? end::accepted
           : status == send_status::full    ? end::full
           : status == send_status::dropped ? end::dropped
                                            : end::closed;
  }

  mailbox_state<T>* state_;
  step next_ = step::go_on;
  end ends_ = end::not_awaited;
};

/// What is sent lies elsewhere: in the caller's frame. It is moved from on acceptance.
template <class T>
class item_elsewhere {
public:
  explicit item_elsewhere(T& item) noexcept : item_(&item) {}
  T& source() noexcept { return *item_; }

private:
  T* item_;
};

/// What is sent is made from arguments.
template <class T>
class item_made {
public:
  template <class... Args>
  explicit item_made(std::in_place_t, Args&&... args) : made_(make(std::forward<Args>(args)...)) {}
  stored<T>& source() noexcept { return made_; }

private:
  template <class... Args>
  static stored<T> make(Args&&... args) {
    if constexpr (lies_directly<T>)
      return T(std::forward<Args>(args)...);
    else
      return boxed<T>(std::in_place, std::forward<Args>(args)...);
  }

  stored<T> made_;
};

/// Sends one item. `Item` says where that is.
template <class T, class Item>
class [[nodiscard]] send_operation : public sending<T> {
public:
  template <class... Args>
  explicit send_operation(mailbox_state<T>& state, Args&&... args)
      : sending<T>(state), item_(std::forward<Args>(args)...) {}
  ~send_operation() {
    if (this->was_stopped()) [[unlikely]]
      refuse(drop_reason::send_cancelled);
  }

  [[gnu::always_inline]] bool await_ready() {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    mailbox_state<T>& state = *this->state_;
    state.lock().lock();
    if (!state.takes_plainly()) [[unlikely]]
      return offer_slowly();
    state.put_plainly(std::move(item_.source()));
    state.lock().unlock();
    this->ends_ = sending<T>::end::accepted;
    return this->waiting->tick();
  }
  [[gnu::always_inline]] send_status await_resume() noexcept {
    if (this->ends_ == sending<T>::end::accepted) [[likely]]
      return send_status::accepted;
    return finish_slowly();
  }

private:
  /// Under the lock, which is given back where it has sent it: what goes the plain way, for whoever watches.
  [[gnu::cold]] bool offer_with_a_word() {
    mailbox_state<T>& state = *this->state_;
    if (!state.takes_plainly_with_a_word())
      return false;
    state.tell_queued();
    state.put_plainly(std::move(item_.source()));
    state.lock().unlock();
    this->ends_ = sending<T>::end::accepted;
    return true;
  }
  [[gnu::noinline]] bool offer_slowly() {
    mailbox_state<T>& state = *this->state_;
    if (state.is_watched()) [[unlikely]]
      if (offer_with_a_word())
        return this->waiting->tick();
    return this->enter_slowly(state.on_full() == overflow::suspend, &item_.source(), [&](auto& gone, wakeups& woken) {
      const send_status status = state.offer(item_.source(), gone, woken);
      if (status == send_status::accepted)
        state.note_age(*this->waiting);
      return status;
    });
  }
  [[gnu::noinline]] send_status finish_slowly() noexcept {
    const send_status status = this->finish();
    if (status != send_status::accepted)
      refuse(reason_to_refuse(status));
    return status;
  }
  [[gnu::noinline]] void refuse(drop_reason reason) noexcept {
    this->state_->refuse(std::move(opened(item_.source())), reason);
  }

  Item item_;
};

/// Waits for a slot.
template <class T>
class [[nodiscard]] reserve_operation : public sending<T> {
public:
  explicit reserve_operation(mailbox_state<T>& state) noexcept : sending<T>(state) {}
  ~reserve_operation() { static_cast<void>(this->was_stopped()); }

  bool await_ready() {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    this->state_->lock().lock();
    return this->enter_slowly(true, nullptr, [this](auto&, wakeups&) { return this->state_->offer_slot(); });
  }
  permit<T> await_resume() noexcept;
};

/// Sends an item whose move may throw: waits for a slot, and moves the item only when it has one, on its own fiber. A
/// move that throws gives the slot back.
template <class T>
class [[nodiscard]] send_by_permit_operation : public sending<T> {
public:
  send_by_permit_operation(mailbox_state<T>& state, T& source) noexcept : sending<T>(state), source_(&source) {}
  ~send_by_permit_operation() {
    if (this->was_stopped())
      this->state_->refuse(std::move(*source_), drop_reason::send_cancelled);
  }

  bool await_ready() {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    this->state_->lock().lock();
    return this->enter_slowly(this->state_->on_full() == overflow::suspend, nullptr,
                              [this](auto& gone, wakeups&) { return this->state_->offer_slot_or_make_one(gone); });
  }
  send_status await_resume();

private:
  T* source_;
};

} // namespace detail

} // namespace troupe
