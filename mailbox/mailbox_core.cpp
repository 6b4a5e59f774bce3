#include <troupe/mailbox/hand.hpp>
#include <troupe/mailbox/mailbox_core.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/observed_scope.hpp>

#include <algorithm>
#include <cstdlib>

namespace troupe::detail {

bool grant(sender_node& first, wakeups& woken) noexcept {
  if (first.waiting != nullptr)
    return first.waiting->grant(woken);
  static_cast<blocked_sender&>(first).decide();
  return true;
}

mailbox_core::mailbox_core(std::uint32_t capacity, overflow on_full)
    : capacity_(capacity), on_full_(static_cast<std::uint8_t>(on_full) & 0xfU) {
  fiber* const by = this_fiber::pointer();
  if (by == nullptr || !by->runs_on().tells_details()) [[likely]]
    return;
  is_watched_ = true;
  be_numbered(*by);
  tell(event_kind::mailbox_made, capacity, static_cast<std::uint32_t>(on_full));
}

[[gnu::cold]] bool mailbox_core::pretends_full() noexcept {
  const fiber* const by = this_fiber::pointer();
  return by != nullptr && by->runs_on().pretends_full();
}

// In a look at who runs here, and not kept: a mailbox may outlive the executor that it was made under.
[[gnu::cold]] void mailbox_core::tell_watcher(event_kind what, std::uint64_t cause, std::uint32_t place,
                                              const fiber* by) const noexcept {
  if (by == nullptr)
    by = this_fiber::pointer();
  if (const executor* const here = executor_here(); here != nullptr)
    here->emit(what, number(), by != nullptr ? by->number() : 0, cause, place);
}

// -- lifetime ---------------------------------------------------------------------------------------------------------

void mailbox_core::too_many_holders() noexcept {
  TROUPE_ASSERT(false, "a mailbox has too many halves: at most 65,535 receivers, 1,048,575 senders, 4,095 mailbox "
                       "objects and 65,535 permits at a time");
  std::abort();
}

void mailbox_core::let_go(holder as) noexcept {
  const auto one = static_cast<std::uint64_t>(as);
  std::uint64_t now = holders_.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  bool last_of_its_kind = false;
  do {
    next = now - one;
    last_of_its_kind = as != holder::neither && next != 0 && in(next, as) == 0;
    if (last_of_its_kind)
      next += static_cast<std::uint64_t>(holder::neither); // holds it for what is to be done
    // acq_rel: the last one sees what the others did
  } while (!holders_.compare_exchange_weak(now, next, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (last_of_its_kind) {
    const bool no_more_halves = in(next, holder::maker) == 0;
    if (as == holder::sender || (as == holder::maker && in(next, holder::sender) == 0))
      close();
    if (as == holder::receiver || (as == holder::maker && no_more_halves && in(next, holder::receiver) == 0))
      no_receivers_left();
    let_go(holder::neither);
  } else if (next == 0) {
    nobody_holds_it();
  }
}

void mailbox_core::nobody_holds_it() noexcept {
  if (anything_queued()) // nobody else can put anything in
    drop_queued();
  lock_.lock();
  orphaned_ = true;
  const bool last = all_settled(); // else whoever lets go of the last item in hand deletes
  lock_.unlock();
  if (last)
    delete this;
}

void mailbox_core::no_receivers_left() noexcept {
  wakeups woken;
  lock_.lock();
  receivers_gone_ = true; // from now on whoever uses a permit drops its item
  close_locked(woken);
  const bool drops = anything_queued();
  lock_.unlock();
  if (drops)
    drop_queued();
}

// relaxed: two threads that make the reading half of one mailbox at once may not be told of their mistake
void mailbox_core::read_by_many() noexcept {
  TROUPE_ASSERT(readers_.load(std::memory_order_relaxed) != readers::one,
                "a mailbox has either receivers, which share its items, or one inbox: receiver() was called after "
                "inbox()");
  TROUPE_ASSERT(on_full() != overflow::conflate,
                "a mailbox with overflow::conflate is read by one: call inbox() instead of receiver()");
  readers_.store(readers::many, std::memory_order_relaxed);
}

void mailbox_core::read_by_one() noexcept {
  TROUPE_ASSERT(readers_.load(std::memory_order_relaxed) == readers::none_yet,
                "a mailbox has either receivers, which share its items, or one inbox: inbox() was called twice, or "
                "after receiver()");
  readers_.store(readers::one, std::memory_order_relaxed);
}

mailbox_core::seldom& mailbox_core::seldom_needed() noexcept {
  if (seldom_ == nullptr)
    seldom_ = new seldom;
  return *seldom_;
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
    seldom_needed().dropped[static_cast<std::size_t>(*reason)] += items;
  count_settled(items, woken, reason ? static_cast<std::uint64_t>(*reason) + 1 : settled_as_handled);
  const bool last = orphaned_ && all_settled();
  lock_.unlock();
  if (last)
    delete this;
}

void mailbox_core::count(drop_reason reason, std::size_t items) noexcept {
  const std::lock_guard held{lock_};
  seldom_needed().dropped[static_cast<std::size_t>(reason)] += items;
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
  now.returned = seldom_ != nullptr ? seldom_->returned : 0;
  now.closed = closed_;
  // An item may be settled by one fiber before the one that took it has told that it was taken.
  now.depth = std::min<std::uint64_t>(queue().in - queue().out, now.sent - now.settled);
  now.in_hand = now.sent - now.settled - now.depth;
  now.handled = now.settled - now.returned;
  for (std::size_t i = 0; i < drop_reasons && seldom_ != nullptr; ++i) {
    now.dropped[i] = seldom_->dropped[i];
    if (was_in_the_mailbox(static_cast<drop_reason>(i)))
      now.handled -= now.dropped[i];
  }
  return now;
}

void mailbox_core::tell(node_facts& facts) const noexcept {
  const std::lock_guard held{lock_};
  const std::uint64_t unsettled = accepted() - settled_; // what a running fiber has settled and not told among it
  const std::size_t depth = std::min<std::uint64_t>(not_taken(), unsettled);
  facts.kind = node_kind::actor;
  facts.has_mailbox = true;
  facts.mailbox = {number_.load(std::memory_order_relaxed), depth, capacity_, closed_};
  if (depth == unsettled)
    return;
  const hand_seen now = in_hand();
  facts.in_hand = now.type;
  facts.in_hand_since = now.since;
}

std::uint32_t mailbox_core::owner() const noexcept {
  const std::lock_guard held{lock_};
  return closed_ || reserved_ != 0 ? 0 : reader();
}

std::string mailbox_core::describe() const {
  const mailbox_statistics now = statistics();
  return "mailbox " + std::to_string(number()) + " (" + std::to_string(now.depth) + " of " + std::to_string(capacity_) +
         " queued, " + std::to_string(now.reserved) + " reserved, " + std::to_string(now.senders_waiting) +
         " sending, " + std::to_string(now.receivers_waiting) + " receiving" + (now.closed ? ", closed)" : ")");
}

} // namespace troupe::detail
