#include <troupe/mailbox/mailbox_core.hpp>
#include <troupe/scope/assert.hpp>

#include <algorithm>

namespace troupe::detail {

void blocked_sender::decide() noexcept {
  const std::lock_guard held{mutex_};
  is_decided_ = true;
  decided_.notify_one();
}

bool blocked_sender::wait(instant until) {
  std::unique_lock held{mutex_};
  if (until != instant::max())
    return decided_.wait_until(held, until, [this] { return is_decided_; });
  decided_.wait(held, [this] { return is_decided_; });
  return true;
}

bool blocked_sender::wait(duration at_most) {
  if (at_most > duration::max() / 2) // more than a century: the standard library's own addition would overflow
    return wait(instant::max());
  std::unique_lock held{mutex_};
  return decided_.wait_for(held, at_most, [this] { return is_decided_; });
}

bool grant(sender_node& first, wakeups& woken) noexcept {
  if (first.waiting != nullptr)
    return first.waiting->grant(woken);
  static_cast<blocked_sender&>(first).decide();
  return true;
}

// -- lifetime ---------------------------------------------------------------------------------------------------------

void mailbox_core::nobody_holds_it() noexcept {
  drop_queued();
  lock_.lock();
  orphaned_ = true;
  const bool last = all_settled(); // else whoever lets go of the last item in hand deletes
  lock_.unlock();
  if (last)
    delete this;
}

void mailbox_core::sender_gone() noexcept {
  if (senders_.fetch_sub(1, std::memory_order_acq_rel) == 1) // acq_rel: as in let_go()
    close();
}

void mailbox_core::receiver_gone() noexcept {
  if (receivers_.fetch_sub(1, std::memory_order_acq_rel) == 1) // acq_rel: as in let_go()
    no_receivers_left();
}

void mailbox_core::maker_gone() noexcept {
  if (makers_.fetch_sub(1, std::memory_order_acq_rel) != 1) // acq_rel: as in let_go()
    return;
  if (senders_.load(std::memory_order_acquire) == 0)
    close();
  if (receivers_.load(std::memory_order_acquire) == 0)
    no_receivers_left();
}

void mailbox_core::no_receivers_left() noexcept {
  lock_.lock();
  receivers_gone_ = true; // from now on whoever uses a permit drops its item
  lock_.unlock();
  close();
  drop_queued();
}

void mailbox_core::read_by_many() noexcept {
  const std::lock_guard held{lock_};
  TROUPE_ASSERT(readers_ != readers::one, "a mailbox has either receivers, which share its items, or one inbox: "
                                          "receiver() was called after inbox()");
  TROUPE_ASSERT(on_full_ != overflow::conflate,
                "a mailbox with overflow::conflate is read by one: call inbox() instead of receiver()");
  readers_ = readers::many;
}

void mailbox_core::read_by_one() noexcept {
  const std::lock_guard held{lock_};
  TROUPE_ASSERT(readers_ == readers::none_yet, "a mailbox has either receivers, which share its items, or one inbox: "
                                               "inbox() was called twice, or after receiver()");
  readers_ = readers::one;
}

// -- the books --------------------------------------------------------------------------------------------------------

void mailbox_core::wake_joiners(wakeups& woken) noexcept {
  if (!all_settled())
    return;
  while (wait_node* const first = waiting_joiners_.pop())
    static_cast<void>(first->waiting->grant(woken));
}

void mailbox_core::settle_counted(std::size_t items, std::optional<drop_reason> reason) noexcept {
  wakeups woken;
  lock_.lock();
  if (reason)
    count(*reason, items);
  count_settled(items, woken);
  const bool last = orphaned_ && all_settled();
  lock_.unlock();
  if (last)
    delete this;
}

void mailbox_core::bring_up_to_date(std::uint32_t settled, bool taken) noexcept {
  wakeups woken;
  lock_.lock();
  if (taken)
    free_taken(woken);
  count_settled(settled, woken);
  const bool last = orphaned_ && all_settled();
  lock_.unlock();
  if (last)
    delete this;
}

mailbox_statistics mailbox_core::statistics() const {
  if (fiber* const self = this_fiber::pointer(); self != nullptr)
    self->tell_books(); // what the asking fiber has let go of itself
  const std::lock_guard held{lock_};
  mailbox_statistics now;
  now.capacity = capacity_;
  now.depth_max = depth_max_;
  now.reserved = reserved_;
  now.senders_waiting = waiting_senders_.size();
  now.receivers_waiting = waiting_receivers_.size();
  now.sent = accepted();
  now.settled = settled_;
  now.returned = returned_;
  now.closed = closed_;
  // An item may be settled by one fiber before the one that took it has told that it was taken.
  now.depth = std::min<std::uint64_t>(queue().in - queue().out, now.sent - now.settled);
  now.in_hand = now.sent - now.settled - now.depth;
  now.handled = now.settled - now.returned;
  for (std::size_t i = 0; i < drop_reasons; ++i) {
    now.dropped[i] = dropped_[i].load(std::memory_order_relaxed); // relaxed: counts
    if (was_in_the_mailbox(static_cast<drop_reason>(i)))
      now.handled -= now.dropped[i];
  }
  return now;
}

std::string mailbox_core::describe() const {
  const mailbox_statistics now = statistics();
  return "mailbox " + std::to_string(number_) + " (" + std::to_string(now.depth) + " of " + std::to_string(capacity_) +
         " queued, " + std::to_string(now.reserved) + " reserved, " + std::to_string(now.senders_waiting) +
         " sending, " + std::to_string(now.receivers_waiting) + " receiving" + (now.closed ? ", closed)" : ")");
}

} // namespace troupe::detail
