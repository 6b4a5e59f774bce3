// The receiving half of a mailbox whose items several share.

#pragma once

#include <troupe/mailbox/halves.hpp>
#include <troupe/mailbox/received_batch.hpp>
#include <troupe/mailbox/receiving.hpp>

#include <cstddef>
#include <exception>
#include <mutex>
#include <utility>

namespace troupe {

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
    detail::maybe<detail::stored<T>> item;
    state_->drop_expired(this_fiber::pointer());
    {
      detail::wakeups woken;
      const std::lock_guard held{state_->lock()};
      state_->take_next(item, woken);
    }
    if (!item)
      return {};
    return received<T>{*state_, std::uncaught_exceptions(), 0, std::move(*item)};
  }

  /// Waits for an item, and takes with it what else is queued, `at_most` in all, under one lock.
  ///
  /// @suspends while empty and not closed
  /// @cancel   nothing was taken
  /// @returns  the items, settled together; none once the mailbox is closed and drained
  /// @throws   `std::bad_alloc`; then nothing was taken
  task<received_batch<T>> receive_up_to(std::size_t at_most) const {
    return detail::take_batch<receive_operation<T>>(detail::state_pointer<T, detail::half::neither>{*state_}, at_most);
  }

  /// Closes the mailbox for all senders, as `sender::close`.
  void close() const noexcept { state_->close(); }

  mailbox_statistics statistics() const { return state_->statistics(); }

private:
  template <class>
  friend class mailbox;

  explicit receiver(detail::mailbox_state<T>& state) noexcept : state_(state) {}

  detail::state_pointer<T, detail::half::receiver> state_;
};

} // namespace troupe
