// What the halves of one mailbox share: the queue, who waits on either side, and the books.

#pragma once

#include <troupe/mailbox/ring.hpp>
#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/scope/wait_list.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace troupe {

/// Takes items that nobody handles. Called on the thread that gives up the item, outside of any lock; must neither
/// wait nor throw. An item that it does not move from is destroyed where it is.
template <class T>
using undelivered_handler =
    std::function<void(T&& item, drop_reason reason)>; // tidy: allow std-function (cold: an item that is lost)

namespace detail {

/// One waiting `send` or `reserve`.
struct sender_node : wait_node {
  void* item = nullptr; // the T to move from; null: wants a reservation
  bool accepted = false;
};

/// One waiting `receive`.
template <class T>
struct receiver_node : wait_node {
  std::optional<T> slot;
};

/// Shared by the mailbox object, its halves and its permits; counted.
///
/// Invariants under the lock: receivers wait only while nothing is queued; senders wait only while every slot is
/// queued or reserved (a freed slot belongs to the first of them at once), and none waits once it is closed.
template <class T>
class mailbox_state final : public waitable {
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                "an item of a mailbox must not be over-aligned: it travels through coroutine frames, which are not; "
                "hold it by std::unique_ptr");

public:
  mailbox_state(std::size_t capacity, undelivered_handler<T> undelivered)
      : capacity_(capacity), undelivered_(std::move(undelivered)) {}

  // -- lifetime ---------------------------------------------------------------------------------------------------

  void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); } // relaxed: the caller holds one already
  void let_go() noexcept {
    // acq_rel: the last one sees what the others did
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1)
      return;
    drop_queued();
    lock_.lock();
    orphaned_ = true;
    const bool last = settled_ == taken_; // else whoever lets go of the last item in hand deletes
    lock_.unlock();
    if (last)
      delete this;
  }

  void sender_added() noexcept { senders_.fetch_add(1, std::memory_order_relaxed); } // relaxed: as in hold()
  void sender_gone() noexcept {
    if (senders_.fetch_sub(1, std::memory_order_acq_rel) == 1) // acq_rel: as in let_go()
      close();
  }
  void receiver_added() noexcept { receivers_.fetch_add(1, std::memory_order_relaxed); } // relaxed: as in hold()
  void receiver_gone() noexcept {
    if (receivers_.fetch_sub(1, std::memory_order_acq_rel) == 1) { // acq_rel: as in let_go()
      no_receivers_left();
    }
  }
  void maker_added() noexcept { makers_.fetch_add(1, std::memory_order_relaxed); } // relaxed: as in hold()
  /// Nobody can make halves any more: a side that has none will never have one.
  void maker_gone() noexcept {
    if (makers_.fetch_sub(1, std::memory_order_acq_rel) != 1) // acq_rel: as in let_go()
      return;
    if (senders_.load(std::memory_order_acquire) == 0)
      close();
    if (receivers_.load(std::memory_order_acquire) == 0)
      no_receivers_left();
  }

  // -- the queue, all under the lock --------------------------------------------------------------------------------

  spinlock& lock() noexcept { return lock_; }
  bool closed() const noexcept { return closed_; }
  bool drained() const noexcept { return closed_ && queue_.empty() && reserved_ == 0; }
  bool has_room() const noexcept { return queue_.size() + reserved_ < capacity_ && waiting_senders_.empty(); }
  bool nobody_receives() const noexcept { return waiting_receivers_.empty(); }
  bool has_item() const noexcept { return !queue_.empty(); }
  wait_list& waiting_senders() noexcept { return waiting_senders_; }
  wait_list& waiting_receivers() noexcept { return waiting_receivers_; }

  /// Gives `item` to the receiver that has waited longest, else to the queue.
  ///
  /// @pre there is a slot for it
  void put(T&& item, wakeups& woken) {
    while (wait_node* const first = waiting_receivers_.pop()) {
      if (!first->waiting->grant(woken))
        continue; // stopped; it does not look at us again
      static_cast<receiver_node<T>*>(first)->slot.emplace(std::move(item));
      ++accepted_;
      ++taken_;
      return;
    }
    queue_.grow_to(queue_.size() + reserved_ + 1); // the slots of permits stay theirs: using one cannot fail
    queue_.push(std::move(item));
    ++accepted_;
    depth_max_ = std::max(depth_max_, queue_.size());
  }

  /// Moves the first item out; the slot goes to the first waiting sender.
  ///
  /// @pre has_item()
  void take(std::optional<T>& to, wakeups& woken) noexcept {
    to.emplace(std::move(queue_.front()));
    queue_.pop();
    ++taken_;
    if (!waiting_senders_.empty()) [[unlikely]]
      admit(woken);
    if (closed_) [[unlikely]]
      finish(woken);
  }

  /// @pre has_room()
  void reserve_slot() {
    queue_.grow_to(queue_.size() + reserved_ + 1); // so that using it cannot fail
    ++reserved_;
  }
  void use_reserved(T&& item, wakeups& woken) noexcept {
    --reserved_;
    put(std::move(item), woken);
    admit(woken); // a parked receiver took it: then the slot is free
    finish(woken);
  }
  void give_back_reserved(wakeups& woken) noexcept {
    --reserved_;
    admit(woken);
    finish(woken);
  }

  // -- from outside of the lock -------------------------------------------------------------------------------------

  /// Refuses what would be sent from now on; queued and reserved items can still be received.
  void close() noexcept {
    wakeups woken;
    const std::lock_guard held{lock_};
    closed_ = true;
    while (wait_node* const first = waiting_senders_.pop())
      static_cast<void>(first->waiting->grant(woken)); // with accepted == false; a stopped one knows itself
    finish(woken);
  }

  /// Items that a send could not bring in.
  void refuse(T&& item, drop_reason reason) noexcept {
    count(reason);
    if (!undelivered_)
      return;
    hold(); // the item may hold the very sender that sends it
    undelivered_(std::move(item), reason);
    let_go();
  }

  /// An accepted item is let go; `reason` empty: handled. The item is gone before anybody can see it settled, so who
  /// has joined may tear down what items refer to.
  void settle(std::optional<T>& item, std::optional<drop_reason> reason) noexcept {
    if (reason && undelivered_)
      undelivered_(std::move(*item), *reason);
    item.reset();
    wakeups woken;
    lock_.lock();
    ++settled_;
    if (reason)
      count(*reason);
    if (settled_ == accepted_)
      while (wait_node* const first = waiting_joiners_.pop())
        static_cast<void>(first->waiting->grant(woken));
    const bool last = orphaned_ && settled_ == taken_;
    lock_.unlock();
    if (last)
      delete this;
  }

  bool all_settled() const noexcept { return settled_ == accepted_; } // under the lock
  wait_list& waiting_joiners() noexcept { return waiting_joiners_; }

  mailbox_statistics statistics() const {
    const std::lock_guard held{lock_};
    mailbox_statistics now;
    now.capacity = capacity_;
    now.depth = queue_.size();
    now.depth_max = depth_max_;
    now.reserved = reserved_;
    now.senders_waiting = waiting_senders_.size();
    now.receivers_waiting = waiting_receivers_.size();
    now.sent = accepted_;
    now.settled = settled_;
    now.closed = closed_;
    now.in_hand = accepted_ - now.settled - now.depth;
    for (std::size_t i = 0; i < drop_reasons; ++i)
      now.dropped[i] = dropped_[i].load(std::memory_order_relaxed); // relaxed: counts
    const auto dropped = [&](drop_reason reason) { return now.dropped[static_cast<std::size_t>(reason)]; };
    now.handled = now.settled - dropped(drop_reason::no_receiver) - dropped(drop_reason::crashed) -
                  dropped(drop_reason::handling_cancelled);
    return now;
  }

  std::string describe() const override {
    const mailbox_statistics now = statistics();
    return "mailbox " + std::to_string(number_) + " (" + std::to_string(now.depth) + " of " +
           std::to_string(capacity_) + " queued, " + std::to_string(now.reserved) + " reserved, " +
           std::to_string(now.senders_waiting) + " sending, " + std::to_string(now.receivers_waiting) + " receiving" +
           (closed_ ? ", closed)" : ")");
  }
  std::uint64_t number() const noexcept override { return number_; }
  /// Under the lock, before a fiber waits.
  void be_numbered(fiber& by) noexcept {
    if (number_ == 0)
      number_ = by.runs_on().next_number();
  }

  /// Gives up what is queued: nobody will receive it.
  void drop_queued() noexcept {
    for (;;) {
      std::optional<T> item;
      {
        wakeups woken;
        const std::lock_guard held{lock_};
        if (queue_.empty())
          return;
        take(item, woken);
      }
      settle(item, drop_reason::no_receiver);
    }
  }
  bool receivers_gone() const noexcept { return receivers_gone_; } // under the lock

private:
  ~mailbox_state() = default;

  void no_receivers_left() noexcept {
    lock_.lock();
    receivers_gone_ = true; // from now on whoever uses a permit drops its item
    lock_.unlock();
    close();
    drop_queued();
  }

  /// Free slots go to waiting senders, in order.
  [[gnu::noinline]] void admit(wakeups& woken) noexcept {
    while (queue_.size() + reserved_ < capacity_) {
      auto* const first = static_cast<sender_node*>(waiting_senders_.pop());
      if (first == nullptr)
        return;
      if (!first->waiting->grant(woken))
        continue; // stopped; it keeps its item and does not look at us again
      first->accepted = true;
      if (first->item != nullptr)
        put(std::move(*static_cast<T*>(first->item)), woken);
      else
        reserve_slot();
    }
  }

  /// Closed and drained: who waits for an item gets none.
  void finish(wakeups& woken) noexcept {
    if (drained())
      while (wait_node* const first = waiting_receivers_.pop())
        static_cast<void>(first->waiting->grant(woken));
  }

  void count(drop_reason reason) noexcept {
    dropped_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed); // relaxed: a count
  }

  mutable spinlock lock_;
  bool closed_ = false;
  bool receivers_gone_ = false;
  bool orphaned_ = false; // no holder is left, only items in hand
  const std::size_t capacity_;
  std::size_t reserved_ = 0;
  ring<T> queue_;
  std::size_t depth_max_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t settled_ = 0;
  wait_list waiting_senders_;
  wait_list waiting_receivers_;
  wait_list waiting_joiners_;
  std::uint64_t number_ = 0;
  std::atomic<std::uint32_t> holders_{1};
  std::atomic<std::uint32_t> makers_{0};
  std::atomic<std::uint32_t> senders_{0};
  std::atomic<std::uint32_t> receivers_{0};
  std::atomic<std::uint64_t> dropped_[drop_reasons] = {};
  undelivered_handler<T> undelivered_;
};

} // namespace detail

} // namespace troupe
