// What of a mailbox does not depend on what its items are: who waits, the counts, who holds it.

#pragma once

#include <troupe/mailbox/item_ages.hpp>
#include <troupe/mailbox/overflow.hpp>
#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/blocked_thread.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/scope/wait_list.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe::detail {

struct hand_seen;
struct node_facts;

/// One waiting `send` or `reserve`.
struct sender_node : wait_node {
  sender_node() noexcept : wait_node(not_linked{}) {}

  void* item; // what to move from; null: wants a reservation. Written, like `accepted`, before it is in the line
  bool accepted;
};

/// One `send_blocking`: a thread outside of any fiber. `waiting` is null in it.
class blocked_sender : public sender_node, public blocked_thread {};

/// Tells a waiting sender that its wait is over: false when it was stopped and will not look at us again.
bool grant(sender_node& first, wakeups& woken) noexcept;

/// Counts and lists, guarded by one lock; counted by who holds it.
///
/// Invariants under the lock: receivers wait only while nothing is queued; senders wait only while every slot is taken
/// or reserved (a freed slot belongs to the first of them at once), and none waits once it is closed.
class mailbox_core : public books {
public:
  mailbox_core(std::uint32_t capacity, overflow on_full);
  mailbox_core(const mailbox_core&) = delete;
  mailbox_core& operator=(const mailbox_core&) = delete;

  // -- lifetime -------------------------------------------------------------------------------------------------------

  /// Whoever holds the state, by what it is: one count each, in one word.
  enum class holder : std::uint64_t {
    neither = 1,            ///< A permit, an operation.
    maker = 1ULL << 16U,    ///< A mailbox object.
    receiver = 1ULL << 28U, ///< A receiver or an inbox.
    sender = 1ULL << 44U,   ///< A sender.
  };
  void add(holder as) noexcept {
    // relaxed: the caller holds one already
    const std::uint64_t before = holders_.fetch_add(static_cast<std::uint64_t>(as), std::memory_order_relaxed);
    if (full(before, as)) [[unlikely]]
      too_many_holders();
  }
  void let_go(holder as) noexcept;
  /// One kind of reading half excludes the other. Asserts.
  void read_by_many() noexcept;
  void read_by_one() noexcept;
  /// The inbox has changed hands: who reads it next is not known.
  void forget_reader() noexcept { reader_.store(0, std::memory_order_relaxed); }
  /// Number of the fiber that took from its inbox last, and so is the one to take what is queued; 0: there is none, or
  /// what is queued may go in another way.
  std::uint32_t reader() const noexcept {
    return on_full() == overflow::drop_oldest || on_full() == overflow::conflate
               ? 0
               : reader_.load(std::memory_order_relaxed); // relaxed: a fiber writes it before it waits for another one
  }
  /// Its reader serves for as long as anybody asks. Before it is read from.
  void be_served() noexcept { is_served_ = true; }
  /// Items that have waited for longer are dropped. Before it is used.
  void limit_age(duration max_age) {
    seldom_needed().ages.emplace(max_age);
    limits_age_ = true;
    slow_ = true;
  }
  bool limits_age() const noexcept { return limits_age_; }

  // -- under the lock -------------------------------------------------------------------------------------------------

  spinlock& lock() const noexcept { return lock_; }
  bool closed() const noexcept { return closed_; }
  bool receivers_gone() const noexcept { return receivers_gone_; }
  overflow on_full() const noexcept { return static_cast<overflow>(on_full_); }
  /// How a wait for the next item is to be taken: who serves is idle by nature.
  fiber::wait_kind waits_for_items() const noexcept {
    return is_served_ ? fiber::wait_kind::daemon : fiber::wait_kind::plain;
  }
  wait_list& waiting_senders() noexcept { return waiting_senders_; }
  wait_list& waiting_receivers() noexcept { return waiting_receivers_; }
  wait_list& waiting_joiners() noexcept { return waiting_joiners_; }
  /// Before a fiber waits.
  void be_numbered(fiber& by) const noexcept {
    // relaxed, here and where it is read: who reads it without the lock wants a number that was told, and no more
    if (number_.load(std::memory_order_relaxed) == 0)
      number_.store(static_cast<std::uint32_t>(by.runs_on().next_number()), std::memory_order_relaxed);
  }
  void count_settled(std::uint64_t more, wakeups& woken, std::uint64_t why = settled_as_handled) noexcept {
    settled_ += more;
    if (more != 0)
      tell(event_kind::items_settled, why, static_cast<std::uint32_t>(more));
    if (somebody_joins()) [[unlikely]]
      wake_joiners(woken);
  }
  /// It takes what is queued next.
  void be_read_by(fiber& self) noexcept {
    const auto reader = static_cast<std::uint32_t>(self.number());
    if (reader_.load(std::memory_order_relaxed) == reader) [[likely]]
      return;
    reader_.store(reader, std::memory_order_relaxed); // relaxed: as in reader()
    self.be_waited_for();
  }
  /// Somebody wants to hear of each item: then nothing goes the plain way without a word.
  bool is_watched() const noexcept { return is_watched_; }
  /// What happens to it, for events.
  ///
  /// @param by  null: whoever runs here
  void tell(event_kind what, std::uint64_t cause = 0, std::uint32_t place = 0,
            const fiber* by = nullptr) const noexcept {
    if (is_watched_) [[unlikely]]
      tell_watcher(what, cause, place, by);
  }
  bool somebody_joins() const noexcept { return !waiting_joiners_.empty(); }
  bool all_settled() const noexcept { return settled_ == accepted(); }

  // -- not under the lock ---------------------------------------------------------------------------------------------

  /// Refuses what would be sent from now on; queued and reserved items can still be received.
  virtual void close() noexcept = 0;
  /// Items are settled, and gone already. With a reason: dropped.
  void settle_counted(std::size_t items, std::optional<drop_reason> reason) noexcept;
  void count(drop_reason reason, std::size_t items = 1) noexcept;
  void bring_up_to_date(std::uint32_t settled, bool taken) noexcept override;

  mailbox_statistics statistics() const;
  std::string describe() const override;
  std::uint64_t number() const noexcept override { return number_.load(std::memory_order_relaxed); }
  /// For a snapshot. Takes the lock, under which no other is taken.
  void tell(node_facts& facts) const noexcept;
  /// Of a wait for room: whoever holds a permit can make some, too.
  std::uint32_t owner() const noexcept override;

protected:
  virtual ~mailbox_core() {
    tell(event_kind::mailbox_gone, settled_, reserved_);
    delete seldom_;
  }

  /// Gives up what is queued: nobody will receive it.
  virtual void drop_queued() noexcept = 0;
  virtual bool anything_queued() const noexcept = 0;
  virtual void close_locked(wakeups& woken) noexcept = 0;
  /// Under the lock: frees the slots of what the one reader has taken.
  virtual void free_taken(wakeups& woken) noexcept = 0;
  /// Under the lock: items that have gone in, and out, through the queue; slots that are used.
  struct queue_counts {
    std::uint64_t in, out;
  };
  virtual queue_counts queue() const noexcept = 0;
  /// The same, for a look while the one reader takes: how many nobody has taken, told of or not.
  virtual std::size_t not_taken() const noexcept = 0;
  virtual hand_seen in_hand() const noexcept = 0;

  std::uint64_t accepted() const noexcept { return queue().in + handed_; }

  /// Under a test. A sender that waits would do so for ever where nothing is queued.
  bool is_said_to_be_full() const noexcept { return is_watched_ && on_full() != overflow::suspend && pretends_full(); }

  /// As the cause in events: handled; else one more than the `drop_reason`; or given back.
  static constexpr std::uint64_t settled_as_handled = 0;
  static constexpr std::uint64_t settled_as_returned = drop_reasons + 1;

  /// What only some mailboxes need, made when it is first needed.
  struct seldom {
    std::uint64_t returned = 0;
    std::uint64_t taken_back = 0; // from the end of the queue
    std::uint64_t dropped[drop_reasons] = {};
    std::optional<item_ages> ages;
  };
  /// Under the lock, or as the only holder.
  seldom& seldom_needed() noexcept;
  bool is_read_by_one() const noexcept { return readers_.load(std::memory_order_relaxed) == readers::one; }
  std::uint64_t taken_back() const noexcept { return seldom_ != nullptr ? seldom_->taken_back : 0; }

private:
  std::atomic<std::uint64_t> holders_{static_cast<std::uint64_t>(holder::maker)};
  seldom* seldom_ = nullptr;

protected:
  // What seldom changes comes first. What every operation writes lies together, at the end and at the beginning of the
  // ring, which follows: two cores that share a mailbox then pass one cache line to and fro, not three.
  wait_list waiting_senders_;
  wait_list waiting_receivers_;
  wait_list waiting_joiners_;
  std::uint64_t handed_ = 0; // straight to a waiting receiver
  const std::uint32_t capacity_;
  std::uint32_t reserved_ = 0;
  std::uint32_t depth_max_ = 0;
  mutable std::atomic<std::uint32_t> number_{0}; // 0: none yet; the last digits in a program that counts beyond 32 bits
  const std::uint8_t on_full_ : 4;               // g++ 12 compares no enumeration that is a bit-field
  bool is_served_ : 1 = false;                   // written before anybody reads from it
  bool limits_age_ : 1 = false; // as well: read without the lock, so in no byte with what the lock guards
  enum class readers : std::uint8_t { none_yet, many, one };
  std::atomic<readers> readers_{readers::none_yet};
  bool closed_ : 1 = false;
  bool receivers_gone_ : 1 = false;
  bool orphaned_ : 1 = false; // no holder is left, only items in hand
  bool slow_ : 1 = false;     // closed, or limits the age of items: nothing goes the plain way
  bool is_watched_ : 1 = false;
  mutable spinlock lock_;
  std::atomic<std::uint32_t> reader_{0};
  std::uint64_t settled_ = 0;

private:
  static constexpr std::uint64_t in(std::uint64_t holders, holder as) noexcept {
    switch (as) {
    case holder::neither:
      return holders & 0xffffU;
    case holder::maker:
      return holders >> 16U & 0xfffU;
    case holder::receiver:
      return holders >> 28U & 0xffffU;
    case holder::sender:
      return holders >> 44U;
    }
    return 0;
  }
  static constexpr bool full(std::uint64_t holders, holder as) noexcept {
    return in(holders, as) == in(~std::uint64_t{0}, as);
  }
  [[noreturn]] static void too_many_holders() noexcept;
  static bool pretends_full() noexcept;
  void tell_watcher(event_kind what, std::uint64_t cause, std::uint32_t place, const fiber* by) const noexcept;
  void nobody_holds_it() noexcept;
  void no_receivers_left() noexcept;
  void wake_joiners(wakeups& woken) noexcept;
};

} // namespace troupe::detail
