// The reading half of a mailbox that has one reader.

#pragma once

#include <troupe/mailbox/halves.hpp>
#include <troupe/mailbox/received_batch.hpp>
#include <troupe/mailbox/receiving.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <utility>

namespace troupe {

namespace detail {
template <class T>
class lasting_inbox;
class mailbox_hold;
} // namespace detail

/// The one reader of a mailbox: it takes items without a lock, in claims of up to 64. Movable, not copyable; a mailbox
/// has either this or receivers.
///
/// A claimed item still counts against the capacity. It is freed, and waiting senders hear of it, when the claim is
/// used up or the fiber waits.
///
/// Whoever received last counts as its reader: a cycle of waits in which that fiber is fails (`would_deadlock`).
///
/// @thread one fiber at a time; it may be moved to another one, or lent by reference to a child
template <class T>
class inbox {
public:
  inbox(inbox&& other) noexcept : state_(std::move(other.state_)) { change_hands(); }
  inbox& operator=(inbox&& other) noexcept {
    inbox gone{std::move(*this)};
    state_ = std::move(other.state_);
    change_hands();
    return *this;
  }
  ~inbox() {
    if (state_)
      state_->reader_goes();
  }

  /// Takes the next item, waiting while there is none. As `receiver::receive`.
  claim_operation<T> receive() const noexcept { return claim_operation<T>{*state_}; }

  /// As `receiver::try_receive`.
  received<T> try_receive() const noexcept {
    detail::maybe<detail::stored<T>> item;
    state_->drop_expired(this_fiber::pointer());
    detail::mailbox_state<T>::tell_what_was_taken();
    std::uint16_t given_again = 0;
    {
      detail::wakeups woken;
      const std::lock_guard held{state_->lock()};
      given_again = state_->take_next(item, woken);
      state_->free_what_was_taken(woken);
    }
    if (!item)
      return {};
    return received<T>{*state_, std::uncaught_exceptions(), given_again, std::move(*item)};
  }

  /// As `receiver::receive_up_to`.
  task<received_batch<T>> receive_up_to(std::size_t at_most) const {
    return detail::take_batch<claim_operation<T>>(detail::state_pointer<T, detail::half::neither>{*state_}, at_most);
  }

  /// Closes the mailbox for all senders, as `sender::close`.
  void close() const noexcept { state_->close(); }

  mailbox_statistics statistics() const { return state_->statistics(); }

private:
  template <class>
  friend class mailbox;
  template <class>
  friend class detail::lasting_inbox;
  friend class detail::mailbox_hold;

  explicit inbox(detail::mailbox_state<T>& state) noexcept : state_(state) {}

  void change_hands() const noexcept {
    detail::mailbox_state<T>::tell_what_was_taken();
    if (state_)
      state_->forget_reader();
  }

  detail::state_pointer<T, detail::half::receiver> state_;
};

} // namespace troupe
