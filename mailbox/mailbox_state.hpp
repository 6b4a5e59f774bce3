// What the halves of one mailbox share: the queue of items, and how they go in and out.

#pragma once

#include <troupe/mailbox/hand.hpp>
#include <troupe/mailbox/mailbox_core.hpp>
#include <troupe/mailbox/ring.hpp>
#include <troupe/mailbox/stored.hpp>
#include <troupe/scope/assert.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

/// Takes items that nobody handles. Called on the thread that gives up the item, outside of any lock; must neither
/// wait nor throw. An item that it does not move from is destroyed where it is.
template <class T>
using undelivered_handler =
    std::function<void(T&& item, drop_reason reason)>; // tidy: allow std-function (cold: an item that is lost)

namespace detail {

/// One waiting `receive`. The small members come first: they lie in the last bytes of the base.
template <class T>
struct receiver_node : wait_node {
  receiver_node() noexcept : wait_node(not_linked{}) {}
  ~receiver_node() {} // whoever filled it has emptied it: a granted receive always goes on

  /// 0: not; else one more than how often the item was given before. Written before it is in the line.
  std::uint16_t filled;
  enum class step : std::uint8_t { go_on, wait, stop } next = step::go_on;
  enum class found : std::uint8_t {
    nothing, ///< Closed and drained, or not looked yet.
    item,    ///< It is in `item`.
    waits,   ///< In line; once resumed, `filled` says whether it is in `item`.
  } what = found::nothing;
  union {
    stored<T> item;
  };
};

/// How many items the one reader claims at most: it then takes them without the lock. Half of it costs 2 to 4 %, more
/// brings nothing.
inline constexpr std::size_t claimed_max = 64;

template <class T>
class mailbox_state final : public mailbox_core {
public:
  using item_type = stored<T>;

  mailbox_state(std::uint32_t capacity, overflow on_full, undelivered_handler<T> undelivered)
      : mailbox_core(capacity, on_full) {
    if (undelivered)
      lost_ = std::make_unique<losses>(std::move(undelivered));
  }

  // -- under the lock -------------------------------------------------------------------------------------------------

  bool has_item() const noexcept { return queue_.queued() != 0; }
  /// Closed, and nothing will come any more.
  bool drained() const noexcept { return closed_ && queue_.size() == 0 && reserved_ == 0; }
  bool has_room() const noexcept { return queue_.size() + reserved_ < capacity_ && waiting_senders_.empty(); }
  /// Has room, memory for it, and nobody who waits must hear of it: then `put_plainly` does.
  bool takes_plainly() const noexcept { return !slow_ && !is_watched_ && has_plain_room(); }
  /// The same of one that is watched: then it is told as well.
  bool takes_plainly_with_a_word() const noexcept {
    return !slow_ && on_full() == overflow::suspend && has_plain_room();
  }
  void put_plainly(item_type&& item) noexcept {
    queue_.push(std::move(item));
    if (const auto depth = static_cast<std::uint32_t>(queue_.size()); depth > depth_max_) [[unlikely]]
      depth_max_ = depth;
  }

  /// Has an item, and nobody who waits must hear when it is taken: then `take_plainly` does.
  bool gives_plainly() const noexcept { return !slow_ && !is_watched_ && has_plain_item(); }
  bool gives_plainly_with_a_word() const noexcept { return !slow_ && has_plain_item(); }
  /// Before the operation.
  void tell_queued() const noexcept { tell(event_kind::item_queued, queue_.next_index()); }
  void tell_taken_first() const noexcept { tell(event_kind::items_taken, queue_.first_index(), 1); }
  void take_plainly(item_type* to, std::uint32_t settled) noexcept {
    settled_ += settled;
    queue_.take(to);
  }

  /// Gives `item` to the receiver that has waited longest, else to the queue.
  ///
  /// @pre    there is room for it
  /// @throws std::bad_alloc; then nothing has happened
  void put(item_type&& item, wakeups& woken) {
    queue_.grow_to(queue_.size() + reserved_ + 1); // the slots of permits stay theirs: using one cannot fail
    put_in_grown(std::move(item), woken, nullptr, 0);
  }
  /// Moves the first item out; the slot goes to the first waiting sender.
  ///
  /// @pre has_item(), nothing is claimed
  void take(item_type* to, wakeups& woken) noexcept {
    tell_taken_first();
    queue_.take(to);
    if (!waiting_senders_.empty()) [[unlikely]]
      admit(woken);
    if (closed_) [[unlikely]]
      finish(woken);
  }

  /// @pre    has_room()
  /// @throws std::bad_alloc; then nothing has happened
  void reserve_slot() {
    queue_.grow_to(queue_.size() + reserved_ + 1); // so that using it cannot fail
    ++reserved_;
    tell(event_kind::slot_reserved);
  }
  /// What a `reserve` does that does not wait: `full` where it must.
  ///
  /// @throws std::bad_alloc; then nothing has happened
  send_status offer_slot() {
    if (closed_)
      return send_status::closed;
    if (!has_room())
      return send_status::full;
    reserve_slot();
    return send_status::accepted;
  }
  void use_reserved(item_type&& item, wakeups& woken) noexcept {
    --reserved_;
    put_in_grown(std::move(item), woken, nullptr, 1);
    admit(woken); // a waiting receiver took it: then the slot is free
    finish(woken);
  }
  void give_back_reserved(wakeups& woken) noexcept {
    --reserved_;
    tell(event_kind::slot_returned);
    admit(woken);
    finish(woken);
  }
  /// Takes the item out that a full mailbox gives up for a new one; false when there is none, or the strategy is
  /// another.
  bool make_room(maybe<item_type>& gone) noexcept {
    if (queue_.queued() == 0)
      return false;
    if (on_full() == overflow::drop_oldest)
      gone.fill([this](item_type* at) {
        tell_taken_first();
        queue_.take(at);
      });
    else if (on_full() == overflow::conflate)
      gone.fill([this](item_type* at) { take_newest(at); });
    return static_cast<bool>(gone);
  }
  /// What a send does that does not wait. `gone` is what had to make room; settle it after the lock.
  ///
  /// @throws std::bad_alloc; then nothing has happened
  send_status offer(item_type& item, maybe<item_type>& gone, wakeups& woken) {
    const send_status status = ask_for_room(gone);
    if (status == send_status::accepted)
      put(std::move(item), woken);
    return status;
  }
  /// The same for an item that is moved once it has its slot.
  send_status offer_slot_or_make_one(maybe<item_type>& gone) {
    const send_status status = ask_for_room(gone);
    if (status == send_status::accepted)
      reserve_slot();
    return status;
  }

  // -- for the one reader ---------------------------------------------------------------------------------------------

  /// Without the lock.
  bool has_claimed() const noexcept { return queue_.has_claimed(); }
  void take_claimed(item_type* to) noexcept { queue_.take_claimed(to); }
  /// What it has in its hand. Without the lock.
  void note_in_hand(const item_type& item, coarse_time now) noexcept { hand_.take(opened(item), now); }
  void let_go_of_hand() noexcept { hand_.let_go(); }
  /// Under the lock: frees what was taken and claims what is queued, `at_most`. How many that is.
  std::size_t claim(std::size_t at_most, wakeups& woken) noexcept {
    free_taken(woken);
    const std::size_t count = std::min(queue_.queued(), at_most);
    if (count != 0) {
      tell(event_kind::items_claimed, queue_.first_index(), static_cast<std::uint32_t>(count));
      queue_.claim(count);
    }
    return count;
  }
  /// False: the next item may yet be given up for a newer one, so none is taken before its time.
  bool may_be_claimed() const noexcept {
    return on_full() != overflow::drop_oldest && on_full() != overflow::conflate && !limits_age_;
  }
  /// Under the lock: what `take_claimed` took outside of a fiber.
  void free_what_was_taken(wakeups& woken) noexcept { free_taken(woken); }
  /// The reader goes: what it has claimed is queued again.
  void reader_goes() noexcept {
    if (!queue_.ever_claimed())
      return;
    tell_what_was_taken();
    wakeups woken;
    const std::lock_guard held{lock_};
    free_taken(woken);
    if (const std::size_t claimed = queue_.size() - queue_.queued(); claimed != 0)
      tell(event_kind::items_put_back, 0, static_cast<std::uint32_t>(claimed));
    queue_.unclaim();
    admit(woken);
    finish(woken);
  }
  /// Before another fiber goes on with the claim.
  static void tell_what_was_taken() noexcept {
    if (fiber* const self = this_fiber::pointer(); self != nullptr)
      self->tell_books();
  }

  // -- giving an item again -------------------------------------------------------------------------------------------

  /// An item that is let go as crashed is given again, so often, and no more than 65,534 times. Before it is used.
  void give_again_at_most(std::uint16_t times) {
    if (lost_ == nullptr)
      lost_ = std::make_unique<losses>(nullptr);
    lost_->again_max = std::min(times, std::uint16_t{65'534}); // one more must fit into receiver_node::filled
  }
  /// Gives an item in hand, which had been given `given` times after the first, to a receive that waits, else to the
  /// next one: when it was crashed; and when whoever was given it again was stopped, which is not counted. (The receive
  /// that waits may be about to be stopped by that very crash.) False: it is lost. One is kept at a time.
  bool give_again(item_type& item, drop_reason reason, std::uint16_t given) noexcept {
    if (lost_ == nullptr)
      return false;
    if (reason == drop_reason::crashed ? given++ >= lost_->again_max : given == 0)
      return false;
    wakeups woken;
    const std::lock_guard held{lock_};
    if (closed_ || lost_->again)
      return false;
    tell(event_kind::item_kept, given, lost_->again_max);
    if (fill_waiting(item, static_cast<std::uint16_t>(given + 1), woken) != nullptr) {
      tell(event_kind::item_given);
    } else {
      lost_->again.emplace(std::move(item));
      lost_->again_given = given;
    }
    return true;
  }
  /// Under the lock: one is kept.
  bool has_crashed() const noexcept { return lost_ != nullptr && lost_->again; }
  /// Under the lock: moves it out. How often it was given now, after the first time.
  std::uint16_t take_crashed(item_type* to) noexcept {
    tell(event_kind::item_given);
    std::construct_at(to, std::move(*lost_->again));
    lost_->again.reset();
    return lost_->again_given;
  }

  // -- not under the lock ---------------------------------------------------------------------------------------------

  /// Room that a batch needs for what is there now.
  std::size_t room_for_batch() const noexcept {
    const std::lock_guard held{lock_};
    return std::max<std::size_t>(1, queue_.size());
  }
  /// Under the lock: what a try_receive takes, of a claim first. How often it was given, after the first time.
  std::uint16_t take_next(maybe<item_type>& to, wakeups& woken) noexcept {
    if (has_crashed()) [[unlikely]] {
      std::uint16_t given = 0;
      to.fill([&](item_type* at) { given = take_crashed(at); });
      return given;
    }
    if (!has_claimed() && is_read_by_one() && may_be_claimed())
      claim(1, woken);
    if (has_claimed())
      to.fill([this](item_type* at) { take_claimed(at); });
    else if (has_item())
      to.fill([&](item_type* at) { take(at, woken); });
    return 0;
  }
  /// Adds what is queued, `at_most` in all and no more than there is memory for.
  void take_more(std::vector<item_type>& items, std::size_t at_most) noexcept {
    tell_what_was_taken();
    wakeups woken;
    const std::lock_guard held{lock_};
    while (items.size() < std::min(at_most, items.capacity()) &&
           !has_crashed()) { // that is the next one's, with its count
      maybe<item_type> next;
      take_next(next, woken);
      if (!next)
        break;
      tell_taken(*next);
      items.push_back(std::move(*next));
    }
    free_taken(woken);
  }
  /// For a thread without a fiber: a reservation, as `reserve` gives. `limit`: an instant or a duration.
  template <class Limit>
  send_status wait_for_slot(blocked_sender& me, Limit limit) {
    {
      const std::lock_guard held{lock_};
      if (const send_status status = offer_slot(); status != send_status::full)
        return status;
      me.waiting = nullptr;
      me.item = nullptr;
      me.accepted = false;
      waiting_senders_.push(me);
    }
    const bool decided = me.wait(limit);
    const std::lock_guard held{lock_}; // who decides holds it until done with us
    if (!decided && waiting_senders_.remove(me))
      return send_status::timed_out;
    return me.accepted ? send_status::accepted : send_status::closed;
  }

  void close() noexcept override {
    wakeups woken;
    const std::lock_guard held{lock_};
    close_locked(woken);
  }
  /// Closes, and takes out what is queued and not claimed.
  std::vector<item_type> close_and_return();
  /// Settles what made room.
  void settle_gone(maybe<item_type>& gone) noexcept {
    if (gone)
      settle_dropped(gone, on_full() == overflow::conflate ? drop_reason::conflated : drop_reason::oldest);
  }

  /// An item that a send could not bring in.
  void refuse(T&& item, drop_reason reason) noexcept {
    count(reason);
    if (lost_ == nullptr || !lost_->handler)
      return;
    add(holder::neither); // the item may hold the very sender that sends it
    lost_->handler(std::move(item), reason);
    let_go(holder::neither);
  }
  /// Gives an accepted item to the handler; then it is destroyed, and then settled.
  void tell_dropped(item_type& item, drop_reason reason) noexcept {
    if (lost_ != nullptr && lost_->handler)
      lost_->handler(std::move(opened(item)), reason);
  }
  void settle_dropped(maybe<item_type>& item, drop_reason reason) noexcept {
    tell_dropped(*item, reason);
    item.reset();
    settle_counted(1, reason);
  }
  /// Those from `first` on.
  void settle_rest(std::vector<item_type>& items, std::size_t first, std::optional<drop_reason> reason) noexcept {
    const std::size_t count = items.size() - first;
    if (reason)
      for (std::size_t at = first; at != items.size(); ++at)
        tell_dropped(items[at], *reason);
    items.clear();
    settle_counted(count, reason);
  }
  /// Under the lock: something was sent.
  void note_age(const fiber& by) noexcept {
    if (limits_age_) [[unlikely]]
      seldom_needed().ages->note(queue_.pushed(), by.runs_on().time().now());
  }
  /// Before something is taken, without the lock: drops the items that are older than the mailbox allows.
  ///
  /// @param by  who takes; null for a look from outside of any fiber, where there is no clock to ask
  void drop_expired(const fiber* by) noexcept {
    if (limits_age_ && by != nullptr) [[unlikely]]
      drop_older_than_allowed(by->runs_on().time().now());
  }

  /// Drops what is queued and `which(item)`. While nobody reads.
  template <class Which>
  void drop_queued_if(Which which, drop_reason reason) noexcept {
    const auto is = [&which](item_type& item) { return which(opened(item)); };
    for (;;) {
      std::array<maybe<item_type>, 16> taken;
      std::size_t count = 0;
      {
        wakeups woken;
        const std::lock_guard held{lock_};
        count = queue_.take_if(is, taken);
        if (count != 0)
          tell(event_kind::items_taken, item_anywhere, static_cast<std::uint32_t>(count));
        admit(woken);
        finish(woken);
      }
      for (maybe<item_type>& each : taken)
        if (each)
          settle_dropped(each, reason);
      if (count != taken.size())
        return;
    }
  }
  /// Takes items again, after a close.
  void reopen() noexcept {
    const std::lock_guard held{lock_};
    closed_ = false;
    tell(event_kind::mailbox_opened);
    slow_ = limits_age_;
  }
  void drop_queued() noexcept override {
    drop_crashed();
    for (;;) {
      maybe<item_type> item;
      {
        wakeups woken;
        const std::lock_guard held{lock_};
        if (queue_.queued() == 0)
          return;
        item.fill([&](item_type* at) { take(at, woken); });
      }
      settle_dropped(item, drop_reason::no_receiver);
    }
  }

private:
  ~mailbox_state() override = default;

  void drop_crashed() noexcept {
    maybe<item_type> item;
    {
      const std::lock_guard held{lock_};
      if (!has_crashed())
        return;
      item.fill([this](item_type* at) { take_crashed(at); });
    }
    settle_dropped(item, drop_reason::crashed);
  }

  [[gnu::noinline]] void drop_older_than_allowed(instant now) noexcept {
    for (;;) {
      maybe<item_type> item;
      {
        wakeups woken;
        const std::lock_guard held{lock_};
        item_ages& ages = *seldom_needed().ages;
        ages.note(queue_.pushed(), now);
        if (queue_.queued() == 0 || !ages.expired(queue_.pushed() - queue_.queued(), now))
          return;
        item.fill([&](item_type* at) { take(at, woken); });
      }
      settle_dropped(item, drop_reason::expired);
    }
  }

  bool has_plain_room() const noexcept {
    const std::size_t used = queue_.size() + reserved_;
    return used < capacity_ && used < queue_.slots() && waiting_receivers_.empty() && waiting_senders_.empty();
  }
  bool has_plain_item() const noexcept { return queue_.queued() != 0 && waiting_senders_.empty() && !somebody_joins(); }

  send_status ask_for_room(maybe<item_type>& gone) noexcept {
    if (closed_)
      return send_status::closed;
    if ((has_room() && !is_said_to_be_full()) || make_room(gone))
      return send_status::accepted;
    return on_full() == overflow::suspend || on_full() == overflow::reject ? send_status::full : send_status::dropped;
  }

  bool anything_queued() const noexcept override { return queue_.queued() != 0 || has_crashed(); }
  queue_counts queue() const noexcept override {
    const std::uint64_t in = queue_.pushed() + taken_back();
    return {in, in - queue_.size()};
  }
  std::size_t not_taken() const noexcept override { return queue_.not_taken(); }
  hand_seen in_hand() const noexcept override { return hand_.look(); }
  void take_newest(item_type* to) noexcept {
    tell(event_kind::items_taken, item_anywhere, 1);
    queue_.take_newest(to);
    ++seldom_needed().taken_back;
  }
  void free_taken(wakeups& woken) noexcept override {
    if (is_watched_) [[unlikely]]
      free_with_a_word();
    else
      queue_.free_taken();
    if (!waiting_senders_.empty()) [[unlikely]]
      admit(woken);
    if (closed_) [[unlikely]]
      finish(woken);
  }

  [[gnu::cold]] void free_with_a_word() noexcept {
    const std::size_t before = queue_.size();
    queue_.free_taken();
    if (queue_.size() != before)
      tell(event_kind::items_freed, 0, static_cast<std::uint32_t>(before - queue_.size()));
  }

  /// @param by   who sends it, where that is not whoever runs here
  /// @param way  as in `event_kind::item_queued`
  void put_in_grown(item_type&& item, wakeups& woken, const fiber* by, std::uint32_t way) noexcept {
    if (const fiber* const to = fill_waiting(item, 1, woken); to != nullptr) {
      ++handed_;
      tell(event_kind::item_handed, to->number(), way, by);
    } else {
      tell(event_kind::item_queued, queue_.next_index(), way, by);
      put_plainly(std::move(item));
    }
  }
  /// Moves an item to the receive that has waited longest, and gives its fiber; null: none does.
  const fiber* fill_waiting(item_type& item, std::uint16_t filled, wakeups& woken) noexcept {
    while (wait_node* const first = waiting_receivers_.pop()) {
      if (!first->waiting->grant(woken))
        continue; // stopped; it does not look at us again
      auto& served = static_cast<receiver_node<T>&>(*first);
      std::construct_at(&served.item, std::move(item));
      served.filled = filled;
      return served.waiting;
    }
    return nullptr;
  }

  /// Free slots go to waiting senders, in order. Their memory is there: all slots were in use when they began to wait.
  [[gnu::noinline]] void admit(wakeups& woken) noexcept {
    while (queue_.size() + reserved_ < capacity_) {
      auto* const first = static_cast<sender_node*>(waiting_senders_.pop());
      if (first == nullptr)
        return;
      if (!grant(*first, woken))
        continue; // stopped; it keeps its item and does not look at us again
      first->accepted = true;
      if (first->item != nullptr) {
        put_in_grown(std::move(*static_cast<item_type*>(first->item)), woken, first->waiting, 2);
      } else {
        ++reserved_;
        tell(event_kind::slot_reserved, first->waiting != nullptr ? first->waiting->number() : 0);
      }
    }
  }

  /// Closed and drained: who waits for an item gets none.
  void finish(wakeups& woken) noexcept {
    if (drained())
      while (wait_node* const first = waiting_receivers_.pop())
        static_cast<void>(first->waiting->grant(woken));
  }

  void close_locked(wakeups& woken) noexcept override {
    if (!closed_)
      tell(event_kind::mailbox_closed);
    closed_ = true;
    slow_ = true;
    while (auto* const first = static_cast<sender_node*>(waiting_senders_.pop()))
      static_cast<void>(grant(*first, woken)); // with accepted == false; a stopped one knows itself
    finish(woken);
  }

  /// What becomes of items that are lost, where there is something to say.
  struct losses {
    explicit losses(undelivered_handler<T> called) : handler(std::move(called)) {}

    const undelivered_handler<T> handler;
    std::uint16_t again_max = 0;
    std::uint16_t again_given = 0;
    maybe<item_type> again;
  };

  ring<item_type> queue_;
  std::unique_ptr<losses> lost_;
  [[no_unique_address]] hand<T> hand_; // the reader's own
};

template <class T>
std::vector<stored<T>> mailbox_state<T>::close_and_return() {
  std::vector<item_type> returned;
  wakeups woken;
  std::unique_lock held{lock_};
  while (queue_.queued() > returned.capacity()) { // room first: once items are out, nothing may fail
    const std::size_t wanted = std::min<std::size_t>(capacity_, 2 * queue_.queued());
    held.unlock();
    returned.reserve(wanted);
    held.lock();
  }
  close_locked(woken);
  if (queue_.queued() != 0) // from behind what is claimed, which may yet be put back
    tell(event_kind::items_taken, item_anywhere, static_cast<std::uint32_t>(queue_.queued()));
  queue_.take_queued(returned);
  if (!returned.empty()) {
    seldom_needed().taken_back += returned.size();
    seldom_needed().returned += returned.size();
  }
  count_settled(returned.size(), woken, settled_as_returned);
  finish(woken);
  return returned;
}

} // namespace detail

} // namespace troupe
