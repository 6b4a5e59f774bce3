// Bounded queue between fibers, with typed halves: the only queue in this library.

#pragma once

#include <troupe/mailbox/halves.hpp>
#include <troupe/mailbox/inbox.hpp>
#include <troupe/mailbox/receiver.hpp>
#include <troupe/mailbox/sender.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe {

/// How many items a mailbox holds at most, from 1 to 2^31.
struct capacity {
  static constexpr std::size_t items_max = std::size_t{1} << 31U;

  std::size_t items;

  explicit constexpr capacity(std::size_t at_most) noexcept : items(at_most) {
    TROUPE_ASSERT(at_most > 0, "a mailbox needs a capacity of at least 1: with 0 nothing could ever be sent");
    TROUPE_ASSERT(at_most <= items_max, "a mailbox holds at most 2^31 items");
  }
};

/// A bounded mailbox: makes its halves, and can wait until all that was sent is settled.
///
/// The halves and the items in hand keep what they need, so this object may go before them. With one sender and
/// eight receivers it is asyncio's `Queue(maxsize)` with a close.
template <class T>
class mailbox {
public:
  explicit mailbox(capacity at_most, undelivered_handler<T> on_undelivered = nullptr)
      : mailbox(at_most, overflow::suspend, std::move(on_undelivered)) {}
  /// @param max_age  an item that has waited for longer is dropped (`drop_reason::expired`) instead of received: under
  ///                 overload the work that is done is then work that somebody still wants. An age counts
  ///                 from when a fiber sent the item (from the first receive after it came where it waited for room or
  ///                 no fiber sent it), and is known to a sixteenth of `max_age`
  mailbox(capacity at_most, overflow on_full, undelivered_handler<T> on_undelivered = nullptr,
          duration max_age = duration::max())
      : state_(pointer::first(new detail::mailbox_state<T>{static_cast<std::uint32_t>(at_most.items), on_full,
                                                           std::move(on_undelivered)})) {
    if (max_age != duration::max())
      state_->limit_age(max_age);
  }

  /// A sending half; the mailbox closes when all that were made have gone.
  troupe::sender<T> sender() const noexcept { return troupe::sender<T>{*state_}; }
  /// A receiving half, one of several that share the items.
  troupe::receiver<T> receiver() const noexcept {
    state_->read_by_many();
    return troupe::receiver<T>{*state_};
  }
  /// The one reading half of a mailbox that has no receivers. Called once.
  troupe::inbox<T> inbox() const noexcept {
    state_->read_by_one();
    return troupe::inbox<T>{*state_};
  }

  /// The same for who serves for as long as anybody asks: its wait for the next item is idle by nature, so no deadlock
  /// when nothing else can run.
  troupe::inbox<T> serving_inbox() const noexcept {
    state_->be_served();
    return inbox();
  }

  /// Closes it for all senders, as `sender::close`.
  void close() const noexcept { state_->close(); }

  /// Closes it and gives back what is queued, oldest first; what an inbox has claimed is not among it. The items are
  /// settled, as `returned`. One that lies in a box (see `detail::stored`) comes in it.
  ///
  /// @throws `std::bad_alloc`; then nothing has happened
  std::vector<detail::stored<T>> close_and_return() const { return state_->close_and_return(); }

  /// Waits until every item that was sent is settled: handled, or dropped with a reason.
  ///
  /// @suspends until then; one that is sent meanwhile counts too
  /// @cancel   nothing changes
  detail::join_operation<T> join() const noexcept { return detail::join_operation<T>{*state_}; }

  /// @thread any
  mailbox_statistics statistics() const { return state_->statistics(); }

private:
  template <class>
  friend class detail::lasting_inbox;
  using pointer = detail::state_pointer<T, detail::half::maker>;

  pointer state_;
};

} // namespace troupe
