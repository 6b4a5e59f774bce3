// The sending half of a mailbox, and the permit for one send that cannot fail.

#pragma once

#include <troupe/mailbox/halves.hpp>
#include <troupe/mailbox/sending.hpp>

#include <chrono>
#include <concepts>
#include <mutex>
#include <type_traits>
#include <utility>

namespace troupe {

template <class T>
class sender;

/// One slot of a mailbox, held for a send that cannot wait and cannot fail. Given back if it goes unused.
///
/// It works also after the mailbox was closed: receivers wait for what permits may still bring.
///
/// @thread one at a time
template <class T>
class [[nodiscard]] permit {
public:
  permit() = default;
  permit(permit&&) noexcept = default;
  permit& operator=(permit&& other) noexcept {
    permit gone{std::move(*this)};
    state_ = std::move(other.state_);
    return *this;
  }
  ~permit() {
    if (!state_)
      return;
    detail::wakeups woken;
    const std::lock_guard held{state_->lock()};
    state_->give_back_reserved(woken);
  }

  /// False: the mailbox was closed, there is no slot.
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

  /// Puts an item made from `args` into the slot; the permit is used up.
  ///
  /// @pre    bool(*this)
  /// @throws what making the item throws; then the permit still holds its slot
  template <class... Args>
  void send(Args&&... args) {
    TROUPE_ASSERT(
        state_, "permit::send() was called without a slot: the permit is used, moved from, or the mailbox was closed");
    detail::item_made<T> item(std::in_place, std::forward<Args>(args)...);
    const auto used = std::move(state_);
    bool nobody_left = false;
    {
      detail::wakeups woken;
      const std::lock_guard held{used->lock()};
      used->use_reserved(std::move(item.source()), woken);
      nobody_left = used->receivers_gone();
    }
    if (nobody_left)
      used->drop_queued();
  }

private:
  friend class detail::reserve_operation<T>;
  friend class detail::send_by_permit_operation<T>;
  template <class>
  friend class sender;

  explicit permit(detail::mailbox_state<T>& state) noexcept : state_(state) {}

  detail::state_pointer<T, detail::half::neither> state_;
};

/// Sending half of a bounded mailbox. Copyable; the mailbox closes when the last copy goes.
///
/// While the mailbox is full its senders wait: that wait is the backpressure. They are served in the order in which
/// they began to wait, each resumes on its own fiber, and nobody overtakes them.
///
/// It must live until the send it was used for has ended; an item may hold a sender of the mailbox it is sent to, but
/// not the one it is sent by.
///
/// @thread any; several fibers may use one object
template <class T>
class sender {
public:
  /// Puts an item in the mailbox: `send(std::move(item))`, `send(item)` for a copy, or `send(args...)` for one made
  /// from arguments. When the mailbox is full it waits, or does what the mailbox's `overflow` says.
  ///
  /// @suspends while full, with `overflow::suspend`
  /// @cancel   nothing was sent: the item goes to `on_undelivered`, and an object given by `std::move` is not moved
  ///           from unless that handler does; the place in line is lost (see `reserve`)
  /// @returns  `accepted`; or `closed`, `full` or `dropped`, and the item went the same way
  /// @throws   what making the item throws, and `std::bad_alloc`; `would_deadlock` where the mailbox's one reader
  ///           waits, directly or through others, for this fiber; then nothing was sent
  auto send(T&& item) const noexcept {
    if constexpr (detail::lies_directly<T>)
      return detail::send_operation<T, detail::item_elsewhere<T>>{*state_, item};
    else
      return detail::send_by_permit_operation<T>{*state_, item};
  }
  template <class... Args>
  requires std::constructible_from<T, Args...> &&
      (!(sizeof...(Args) == 1 &&
         (std::same_as<Args, T> && ...))) detail::send_operation<T, detail::item_made<T>> send(Args&&... args) const {
    return detail::send_operation<T, detail::item_made<T>>{*state_, std::in_place, std::forward<Args>(args)...};
  }

  /// Waits for a slot and holds it: for whoever wants to make, or to keep, the item until there is room. It waits also
  /// where the mailbox's `overflow` would make a `send` do something else.
  ///
  /// @suspends while full
  /// @cancel   nothing is held; the place in line is lost
  /// @returns  the permit; without a slot when the mailbox is closed
  detail::reserve_operation<T> reserve() const noexcept { return detail::reserve_operation<T>{*state_}; }

  /// Like `send`, but never waits. A refused `item` has not been moved from, and is not given to `on_undelivered`.
  ///
  /// @returns `full` also while others wait for room: nobody overtakes them
  /// @throws  `std::bad_alloc`, and what moving the item throws; then nothing was sent
  /// @thread  any, also outside of any fiber
  [[nodiscard]] send_status try_send(T&& item) const {
    if constexpr (detail::lies_directly<T>) {
      detail::maybe<T> gone;
      send_status status;
      {
        detail::wakeups woken;
        const std::lock_guard held{state_->lock()};
        status = state_->offer(item, gone, woken);
      }
      state_->settle_gone(gone);
      return status;
    } else {
      return try_send_by_permit(item);
    }
  }

  /// Like `try_send`, but what is refused is counted and goes to `on_undelivered`, as with `send`.
  ///
  /// @thread any, also outside of any fiber
  send_status try_send_or_drop(T&& item) const {
    const send_status status = try_send(std::move(item));
    if (status != send_status::accepted)
      state_->refuse(std::move(item), detail::reason_to_refuse(status));
    return status;
  }

  /// Like `send` with `overflow::suspend`, for a thread that runs no fiber: it blocks until there is room. (A fiber
  /// must not: it would block everybody on its thread.) A refused `item` has not been moved from, and is not given to
  /// `on_undelivered`.
  ///
  /// @param   until  on the steady clock; `instant::max()` waits for ever
  /// @returns `accepted`, `closed`, `timed_out`
  /// @throws  as `try_send`
  /// @thread  any that runs no fiber; first come first served among all senders
  [[nodiscard]] send_status send_blocking(T&& item, instant until) const { return block(item, until); }
  template <class Rep, class Period>
  [[nodiscard]] send_status send_blocking(T&& item, std::chrono::duration<Rep, Period> at_most) const {
    return block(item, clipped(at_most));
  }

  /// Closes the mailbox for all senders: waiting ones get `closed`. Queued items can still be received.
  void close() const noexcept { state_->close(); }

  mailbox_statistics statistics() const { return state_->statistics(); }

  /// What reports name, for the layers above.
  const detail::mailbox_core& core() const noexcept { return *state_; }

  /// True when both send to the same mailbox.
  friend bool operator==(const sender& a, const sender& b) noexcept { return &*a.state_ == &*b.state_; }

private:
  template <class>
  friend class mailbox;

  explicit sender(detail::mailbox_state<T>& state) noexcept : state_(state) {}

  send_status try_send_by_permit(T& item) const;
  template <class Limit>
  send_status block(T& item, Limit limit) const;

  detail::state_pointer<T, detail::half::sender> state_;
};

namespace detail {

template <class T>
permit<T> reserve_operation<T>::await_resume() noexcept {
  if (this->finish() != send_status::accepted)
    return {};
  return permit<T>{*this->state_};
}

template <class T>
send_status send_by_permit_operation<T>::await_resume() {
  const send_status status = this->finish();
  if (status == send_status::accepted)
    permit<T>{*this->state_}.send(std::move(*source_));
  else
    this->state_->refuse(std::move(*source_), reason_to_refuse(status));
  return status;
}

} // namespace detail

template <class T>
send_status sender<T>::try_send_by_permit(T& item) const {
  detail::maybe<detail::stored<T>> gone;
  send_status status;
  {
    const std::lock_guard held{state_->lock()};
    status = state_->offer_slot_or_make_one(gone);
  }
  state_->settle_gone(gone);
  if (status == send_status::accepted)
    permit<T>{*state_}.send(std::move(item));
  return status;
}

template <class T>
template <class Limit>
send_status sender<T>::block(T& item, Limit limit) const {
  TROUPE_ASSERT(this_fiber::pointer() == nullptr,
                "send_blocking() would block everybody on this thread: in a fiber, co_await send()");
  detail::blocked_sender me;
  const send_status status = state_->wait_for_slot(me, limit);
  if (status == send_status::accepted)
    permit<T>{*state_}.send(std::move(item));
  return status;
}

} // namespace troupe
