// Bounded queue between fibers, with typed halves: the only queue in this library.

#pragma once

#include <troupe/mailbox/operations.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace troupe {

/// How many items a mailbox holds at most, from 1.
struct capacity {
  std::size_t items;

  explicit constexpr capacity(std::size_t at_most) noexcept : items(at_most) {
    TROUPE_ASSERT(at_most > 0, "a mailbox needs a capacity of at least 1: with 0 nothing could ever be sent");
  }
};

namespace detail {

/// A counted pointer to the state; `Half` says what else its holder counts as.
enum class half : std::uint8_t { sends, receives, makes, neither };

template <class T, half Half>
class state_pointer {
public:
  state_pointer() = default;
  explicit state_pointer(mailbox_state<T>& state) noexcept : state_(&state) { add(); }
  state_pointer(const state_pointer& other) noexcept : state_(other.state_) { add(); }
  state_pointer(state_pointer&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  state_pointer& operator=(state_pointer other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~state_pointer() {
    if (state_ == nullptr)
      return;
    if constexpr (Half == half::sends)
      state_->sender_gone();
    else if constexpr (Half == half::receives)
      state_->receiver_gone();
    else if constexpr (Half == half::makes)
      state_->maker_gone();
    state_->let_go();
  }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  mailbox_state<T>& operator*() const noexcept {
    TROUPE_ASSERT(state_ != nullptr, "this half of a mailbox was used after it had been moved from");
    return *state_;
  }
  mailbox_state<T>* operator->() const noexcept { return &**this; }

private:
  void add() noexcept {
    if (state_ == nullptr)
      return;
    state_->hold();
    if constexpr (Half == half::sends)
      state_->sender_added();
    else if constexpr (Half == half::receives)
      state_->receiver_added();
    else if constexpr (Half == half::makes)
      state_->maker_added();
  }

  mailbox_state<T>* state_ = nullptr;
};

} // namespace detail

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
    T item(std::forward<Args>(args)...);
    const auto used = std::move(state_);
    bool nobody_left = false;
    {
      detail::wakeups woken;
      const std::lock_guard held{used->lock()};
      used->use_reserved(std::move(item), woken);
      nobody_left = used->receivers_gone();
    }
    if (nobody_left)
      used->drop_queued();
  }

private:
  friend class detail::reserve_operation<T>;

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
  /// Puts an item in the mailbox, waiting while it is full: `send(std::move(item))`, `send(item)` for a copy, or
  /// `send(args...)` for one made from arguments.
  ///
  /// @suspends while full
  /// @cancel   nothing was sent: the item goes to `on_undelivered`, and an object given by `std::move` is not moved
  ///           from unless that handler does; the place in line is lost (see `reserve`)
  /// @returns  `accepted`, or `closed` (the item went the same way)
  /// @throws   what making the item throws, and `std::bad_alloc`; then nothing was sent
  detail::send_operation<T> send(T&& item) const noexcept { return {*state_, item}; }
  template <class... Args>
  requires std::constructible_from<T, Args...> &&
      (!(sizeof...(Args) == 1 &&
         (std::same_as<Args, T> && ...))) detail::send_made_operation<T> send(Args&&... args) const {
    return detail::send_made_operation<T>{*state_, std::in_place, std::forward<Args>(args)...};
  }

  /// Waits for a slot and holds it: for whoever wants to make, or to keep, the item until there is room.
  ///
  /// @suspends while full
  /// @cancel   nothing is held; the place in line is lost
  /// @returns  the permit; without a slot when the mailbox is closed
  detail::reserve_operation<T> reserve() const noexcept { return detail::reserve_operation<T>{*state_}; }

  /// Like `send`, but never waits. A refused `item` has not been moved from.
  ///
  /// @returns `full` also while others wait for room: nobody overtakes them
  /// @throws  `std::bad_alloc`; then nothing was sent
  /// @thread  any, also outside of any fiber
  [[nodiscard]] send_status try_send(T&& item) const {
    detail::wakeups woken;
    const std::lock_guard held{state_->lock()};
    if (state_->closed())
      return send_status::closed;
    if (!state_->has_room())
      return send_status::full;
    state_->put(std::move(item), woken);
    return send_status::accepted;
  }

  /// Closes the mailbox for all senders: waiting ones get `closed`. Queued items can still be received.
  void close() const noexcept { state_->close(); }

  mailbox_statistics statistics() const { return state_->statistics(); }

private:
  template <class>
  friend class mailbox;

  explicit sender(detail::mailbox_state<T>& state) noexcept : state_(state) {}

  detail::state_pointer<T, detail::half::sends> state_;
};

/// Receiving half of a bounded mailbox. Copyable: several receivers share the items, each item goes to one of them.
///
/// When the last copy goes the mailbox closes, and what is queued goes to `on_undelivered`.
///
/// @thread any; several fibers may use one object
template <class T>
class receiver {
public:
  /// Takes the next item, waiting while there is none. Waiting receivers are served in the order in which they came.
  ///
  /// @suspends while empty and not closed
  /// @cancel   nothing was taken: an item that was handed over before the cancel is delivered, and the cancel is taken
  ///           at the next wait
  /// @returns  the item; nothing once the mailbox is closed and drained
  receive_operation<T> receive() const noexcept { return receive_operation<T>{*state_}; }

  /// Takes the next item if there is one.
  ///
  /// @thread any, also outside of any fiber
  received<T> try_receive() const noexcept {
    std::optional<T> item;
    detail::wakeups woken;
    {
      const std::lock_guard held{state_->lock()};
      if (state_->has_item())
        state_->take(item, woken);
    }
    if (!item)
      return {};
    return received<T>{std::move(item), *state_, std::uncaught_exceptions()};
  }

  /// Closes the mailbox for all senders, as `sender::close`.
  void close() const noexcept { state_->close(); }

  mailbox_statistics statistics() const { return state_->statistics(); }

private:
  template <class>
  friend class mailbox;

  explicit receiver(detail::mailbox_state<T>& state) noexcept : state_(state) {}

  detail::state_pointer<T, detail::half::receives> state_;
};

/// A bounded mailbox: makes its halves, and can wait until all that was sent is settled.
///
/// The halves and the items in hand keep what they need, so this object may go before them. With one sender and
/// eight receivers it is asyncio's `Queue(maxsize)` with a close.
template <class T>
class mailbox {
public:
  explicit mailbox(capacity at_most, undelivered_handler<T> on_undelivered = nullptr)
      : state_(made(new detail::mailbox_state<T>{at_most.items, std::move(on_undelivered)})) {}

  /// A sending half; the mailbox closes when all that were made have gone.
  troupe::sender<T> sender() const noexcept { return troupe::sender<T>{*state_}; }
  /// A receiving half.
  troupe::receiver<T> receiver() const noexcept { return troupe::receiver<T>{*state_}; }

  /// Closes it for all senders, as `sender::close`.
  void close() const noexcept { state_->close(); }

  /// Waits until every item that was sent is settled: handled, or dropped with a reason.
  ///
  /// @suspends until then; one that is sent meanwhile counts too
  /// @cancel   nothing changes
  detail::join_operation<T> join() const noexcept { return detail::join_operation<T>{*state_}; }

  /// @thread any
  mailbox_statistics statistics() const { return state_->statistics(); }

private:
  using pointer = detail::state_pointer<T, detail::half::makes>;

  static pointer made(detail::mailbox_state<T>* state) noexcept {
    pointer first{*state};
    state->let_go(); // it was made with one holder
    return first;
  }

  pointer state_;
};

namespace detail {

template <class T>
permit<T> reserve_operation<T>::await_resume() noexcept {
  this->end();
  if (!this->accepted)
    return {};
  return permit<T>{*this->state_};
}

} // namespace detail

} // namespace troupe
