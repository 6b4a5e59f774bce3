// The waits of the receiving side: receive and join.

#pragma once

#include <troupe/mailbox/received.hpp>

#include <algorithm>
#include <coroutine>
#include <mutex>
#include <utility>

namespace troupe {

namespace detail {

/// One place in the line of receivers, and what every receive does. As in `sending`, the lock is kept from a look that
/// finds nothing until the operation is in line, and what the fast way does not need stays uninitialised.
template <class T>
class receiving : protected receiver_node<T> {
public:
  void attach(fiber& self) noexcept { this->waiting = &self; }

  void await_suspend(std::coroutine_handle<>) {
    switch (this->next) {
    case step::go_on:
      return this->waiting->yield();
    case step::stop:
      return this->waiting->stop();
    case step::wait:
      break;
    }
    state_->be_numbered(*this->waiting);
    if (this->waiting->open_wait(state_->waits_for_items(), "receive", state_)) {
      this->what = found::waits;
      this->filled = 0;
      state_->waiting_receivers().push(*this);
      this->waiting->park();
    } else {
      this->waiting->stop();
    }
    state_->lock().unlock(); // from here on somebody may fill us
  }

protected:
  using step = typename receiver_node<T>::step;
  using found = typename receiver_node<T>::found;

  explicit receiving(mailbox_state<T>& state) noexcept : state_(&state) {}
  ~receiving() {
    if (this->what != found::waits) [[likely]]
      return;
    const std::lock_guard held{state_->lock()}; // stopped: a receive takes nothing that it does not deliver
    state_->waiting_receivers().remove(*this);
  }

  bool stop_at_entry() noexcept {
    if (!this->waiting->stop_pending()) [[likely]]
      return false;
    this->next = step::stop;
    return true;
  }
  /// With the lock held, and nothing to take: true when it need not wait. Releases the lock unless it must.
  ///
  /// Who closed it may have been stopped by a cancel that came after our look and stops us too: then that is the news.
  bool nothing_there() noexcept {
    if (!state_->drained()) {
      this->next = step::wait;
      return false;
    }
    state_->lock().unlock();
    return !stop_at_entry() && this->waiting->tick();
  }
  /// Under the lock: the next item, where none is claimed.
  bool take_item(wakeups& woken) noexcept {
    if (!state_->has_item())
      return false;
    state_->take(&this->item, woken);
    this->what = found::item;
    return true;
  }
  /// Under the lock: the item that is to be given again, as if it had come to a receive that waits.
  [[gnu::noinline]] bool take_crashed() noexcept {
    this->filled = static_cast<std::uint16_t>(state_->take_crashed(&this->item) + 1);
    this->what = found::waits;
    return true;
  }
  /// What came, when it did not come from a claim.
  [[gnu::always_inline]] received<T> what_came() noexcept {
    const found how = std::exchange(this->what, found::nothing);
    if (how != found::item) {
      if (how == found::nothing || this->filled == 0)
        return {};
      if (this->filled > 1) [[unlikely]]
        return what_came_again();
    }
    return received<T>{*state_, *this->waiting, [this](stored<T>* at) {
                         std::construct_at(at, std::move(this->item));
                         std::destroy_at(&this->item);
                       }};
  }
  [[gnu::noinline]] received<T> what_came_again() noexcept {
    received<T> again{*state_, 0, static_cast<std::uint16_t>(this->filled - 1), std::move(this->item)};
    std::destroy_at(&this->item);
    return again;
  }
  /// The slow way: with `look(woken)` under the lock, until it finds something, or nobody has to be woken before this
  /// fiber waits.
  template <class Look>
  bool look_slowly(Look look) noexcept {
    std::uint32_t settled = this->waiting->take_noted(*state_);
    for (;;) {
      wakeups woken;
      std::unique_lock held{state_->lock()};
      state_->count_settled(std::exchange(settled, 0u), woken);
      if (look(woken))
        return true;
      if (woken.empty()) {
        held.release();
        return false;
      }
    }
  }

  mailbox_state<T>* state_;
};

} // namespace detail

/// Takes one item out of a mailbox that several read: under the lock.
template <class T>
class [[nodiscard]] receive_operation : public detail::receiving<T> {
public:
  explicit receive_operation(detail::mailbox_state<T>& state) noexcept : detail::receiving<T>(state) {}

  [[gnu::always_inline]] bool await_ready() noexcept {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    detail::mailbox_state<T>& state = *this->state_;
    fiber& self = *this->waiting;
    state.lock().lock();
    if (!state.gives_plainly()) [[unlikely]]
      return take_slowly();
    state.take_plainly(&this->item, self.take_noted(state));
    state.lock().unlock();
    this->what = detail::receiving<T>::found::item;
    return self.tick();
  }
  [[gnu::always_inline]] received<T> await_resume() noexcept { return this->what_came(); }

private:
  /// Under the lock, which is given back where it has taken one: what goes the plain way, for whoever watches.
  [[gnu::cold]] bool take_with_a_word() noexcept {
    detail::mailbox_state<T>& state = *this->state_;
    if (!state.gives_plainly_with_a_word())
      return false;
    state.tell_taken_first();
    state.take_plainly(&this->item, 0);
    state.lock().unlock();
    this->what = detail::receiving<T>::found::item;
    return true;
  }
  [[gnu::noinline]] bool take_slowly() noexcept {
    if (this->state_->is_watched()) [[unlikely]]
      if (take_with_a_word())
        return this->waiting->tick();
    this->state_->lock().unlock();
    this->state_->drop_expired(this->waiting);
    if (this->look_slowly([this](detail::wakeups& woken) { return this->take_item(woken); }))
      return this->waiting->tick();
    return this->nothing_there();
  }
};

/// Takes one item out of a mailbox with one reader: from its claim, without a lock, while that lasts.
template <class T>
class [[nodiscard]] claim_operation : public detail::receiving<T> {
public:
  explicit claim_operation(detail::mailbox_state<T>& state) noexcept : detail::receiving<T>(state) {}

  [[gnu::always_inline]] bool await_ready() noexcept {
    if (this->stop_at_entry()) [[unlikely]]
      return false;
    if (this->state_->has_claimed()) [[likely]] // its operations were counted when it was claimed
      return true;
    return claim_more();
  }
  [[gnu::always_inline]] received<T> await_resume() noexcept {
    detail::mailbox_state<T>& state = *this->state_;
    if (!state.has_claimed()) [[unlikely]]
      return this->what_came();
    this->waiting->note_taken(state);
    return received<T>{state, *this->waiting, [&state](detail::stored<T>* at) { state.take_claimed(at); }};
  }

private:
  [[gnu::noinline]] bool claim_more() noexcept {
    fiber& self = *this->waiting;
    int count = 1;
    this->state_->drop_expired(this->waiting);
    if (!this->look_slowly([&](detail::wakeups& woken) {
          this->state_->be_read_by(self);
          if (this->state_->has_crashed()) [[unlikely]]
            return this->take_crashed();
          if (!this->state_->may_be_claimed())
            return this->take_item(woken);
          const auto at_most = std::min(detail::claimed_max, static_cast<std::size_t>(self.operations_left()));
          count = static_cast<int>(this->state_->claim(at_most, woken));
          return count != 0;
        }))
      return this->nothing_there();
    return self.tick(count);
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
  void await_suspend(std::coroutine_handle<>) {
    if (waiting->stop_pending())
      return waiting->stop();
    waiting->tell_books(); // what this fiber itself has let go of
    const std::lock_guard held{state_->lock()};
    if (state_->all_settled()) { // perhaps by who was stopped by a cancel that stops us too: then that is the news
      state_->tell(event_kind::mailbox_joined);
      return waiting->stop_pending() ? waiting->stop() : waiting->yield();
    }
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
