// First in, first out, in memory that grows to what is used; the one reader may claim items and take them unlocked.

#pragma once

#include <troupe/mailbox/stored.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// Ring of a power of two slots that doubles when it is full. Guarded by its owner's lock, but for what is said below.
///
/// Three marks divide it: slots below `freed_` are free, items from there to `limit_` are claimed, items from `limit_`
/// to `tail_` are queued. Without claims the first two are the same. A claim belongs to one reader, who takes the
/// claimed items without the lock, from where they were when they were claimed: a ring that grows meanwhile leaves
/// those slots to it.
///
/// A ring of 1,000,000 that never holds more than three items costs eight slots, and one that never holds more than one
/// small item allocates nothing.
template <class T>
class ring {
  static_assert(std::is_nothrow_move_constructible_v<T>, "a ring moves its items when it grows");

public:
  ring() = default;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() {
    unclaim();
    for (; freed_ != mark(tail_); ++freed_)
      std::destroy_at(slot(freed_));
    release(slots_, mask_);
  }

  /// Claimed or queued.
  std::size_t size() const noexcept { return mark(tail_) - freed_; }
  /// Queued, and not claimed.
  std::size_t queued() const noexcept { return mark(tail_) - limit_; }
  /// The same without what the claimer has taken, told of or not.
  std::size_t not_taken() const noexcept {
    // relaxed: read as it is at some moment
    return mark(tail_) - (claimed_ != nullptr && freed_ != limit_ ? next_.load(std::memory_order_relaxed) : freed_);
  }
  /// Items that were ever pushed and not taken back by `take_newest` or `take_queued`.
  std::uint64_t pushed() const noexcept { return tail_; }
  /// Of what is queued first, and of what will be next: for events.
  std::uint32_t first_index() const noexcept { return limit_; }
  std::uint32_t next_index() const noexcept { return mark(tail_); }
  /// Slots that there are now.
  std::size_t slots() const noexcept { return slots_ != nullptr ? mask_ + std::size_t{1} : in_place; }

  /// @pre size() < slots()
  void push(T&& item) noexcept {
    std::construct_at(slot(mark(tail_)), std::move(item));
    ++tail_;
  }
  /// Makes slots for `items` in all.
  ///
  /// @throws std::bad_alloc; then nothing has changed
  void grow_to(std::size_t items) {
    if (items > slots()) [[unlikely]]
      grow(std::bit_ceil(std::max(items, slots_min)));
  }

  /// @pre queued() != 0
  T& oldest() noexcept { return *slot(limit_); }
  T& newest() noexcept { return *slot(mark(tail_) - 1); }
  /// Moves the oldest into memory at `to` and frees its slot.
  ///
  /// @pre queued() != 0, nothing is claimed
  void take(T* to) noexcept {
    T& taken = oldest();
    std::construct_at(to, std::move(taken));
    std::destroy_at(&taken);
    freed_ = ++limit_;
  }

  /// Moves the newest out again, into memory at `to`.
  ///
  /// @pre queued() != 0
  void take_newest(T* to) noexcept {
    --tail_;
    std::construct_at(to, std::move(*slot(mark(tail_))));
    std::destroy_at(slot(mark(tail_)));
  }

  /// Moves all that is queued out again, oldest first.
  ///
  /// @pre `to` has room for it
  void take_queued(std::vector<T>& to) noexcept {
    for (index at = limit_; at != mark(tail_); ++at) {
      to.push_back(std::move(*slot(at)));
      std::destroy_at(slot(at));
    }
    tail_ -= queued();
  }

  /// Moves what is queued and `which(item)` out, the oldest first, as much as `to` has room for; what stays moves up, in
  /// its order. Gives how many that is.
  ///
  /// @pre nothing is claimed; `which` says the same of an item when it is asked again
  template <class Which, std::size_t Most>
  std::size_t take_if(Which& which, std::array<maybe<T>, Most>& to) noexcept {
    index end = limit_;
    std::size_t count = 0;
    for (; end != mark(tail_) && count != Most; ++end)
      count += which(*slot(end)) ? 1 : 0;
    index into = end;
    std::size_t left = count;
    for (index at = end; at != limit_;) {
      T& item = *slot(--at);
      if (which(item)) {
        to[--left].emplace(std::move(item));
      } else if (--into != at) {
        std::construct_at(slot(into), std::move(item));
      } else {
        continue;
      }
      std::destroy_at(&item);
    }
    freed_ = limit_ = into;
    return count;
  }

  /// @name For the one who claims
  ///@{
  /// Whether there is a claimed item to take. Without the lock.
  bool has_claimed() const noexcept { return next() != claim_end_; }
  /// Without the lock.
  ///
  /// @pre has_claimed()
  void take_claimed(T* to) noexcept {
    const index at = next();
    T& taken = claimed_[at & claimed_mask_];
    std::construct_at(to, std::move(taken));
    std::destroy_at(&taken);
    next_.store(at + 1, std::memory_order_release); // pairs with free_taken(): the slot is out of use
  }
  /// @pre not has_claimed(), everything taken is freed
  void claim(std::size_t count) noexcept {
    claimed_ = slot(0);
    claimed_mask_ = mask_;
    next_.store(limit_, std::memory_order_relaxed); // relaxed: under the lock, by the claimer itself
    limit_ += static_cast<index>(count);
    claim_end_ = limit_;
  }
  /// Frees the slots of what was taken. A fiber that took some before it lent the reader to another one may call this
  /// while that one takes.
  void free_taken() noexcept {
    if (claimed_ == nullptr)
      return;
    const index taken_to = next_.load(std::memory_order_acquire); // pairs with take_claimed()
    const bool used_up = freed_ != limit_ && taken_to == limit_;
    freed_ = taken_to;
    if (used_up)
      release_left_behind();
  }
  /// Gives the rest of the claim back: it is queued again, at the front.
  void unclaim() noexcept {
    if (claimed_ == nullptr)
      return;
    const bool has_claim = freed_ != limit_;
    if (claimed_ != slot(0)) // they stayed behind when the ring grew
      for (index at = next(); at != claim_end_; ++at) {
        T& left = claimed_[at & claimed_mask_];
        std::construct_at(slot(at), std::move(left));
        std::destroy_at(&left);
      }
    freed_ = limit_ = claim_end_ = next();
    if (has_claim)
      release_left_behind();
    claimed_ = nullptr;
  }
  /// Whether it has claimed since it began, or gave its claim back.
  bool ever_claimed() const noexcept { return claimed_ != nullptr; }
  ///@}

private:
  static constexpr std::size_t slots_min = 8;
  static constexpr std::size_t in_place = sizeof(T) <= 32 ? 1 : 0;

  using index = std::uint32_t; // marks only grow, and may wrap
  static constexpr index mark(std::uint64_t at) noexcept { return static_cast<index>(at); }

  /// For the claimer.
  index next() const noexcept { return next_.load(std::memory_order_relaxed); } // relaxed: it alone writes it

  T* place() noexcept { return reinterpret_cast<T*>(place_); }
  T* slot(index at) noexcept { return (slots_ != nullptr ? slots_ : place()) + (at & mask_); }
  static void release(T* slots, index mask) noexcept {
    if (slots != nullptr)
      std::allocator<T>{}.deallocate(slots, mask + std::size_t{1});
  }

  void release_left_behind() noexcept {
    if (claimed_ != slot(0) && claimed_ != place()) [[unlikely]]
      release(claimed_, claimed_mask_);
  }

  [[gnu::noinline]] void grow(std::size_t count) {
    T* const grown = std::allocator<T>{}.allocate(count);
    for (index at = limit_; at != mark(tail_); ++at) {
      std::construct_at(grown + (at & (count - 1)), std::move(*slot(at)));
      std::destroy_at(slot(at));
    }
    if (freed_ == limit_ || claimed_ != slots_) // else they stay until the claim is used up
      release(slots_, mask_);
    slots_ = grown;
    mask_ = static_cast<index>(count - 1);
  }

  std::uint64_t tail_ = 0;
  index freed_ = 0;
  index limit_ = 0;
  T* slots_ = nullptr; // null: `place_`
  // The claimer's own, who alone writes them, all but next_ under the lock; freed_ <= next_ <= claim_end_ == limit_
  // while it has a claim.
  std::atomic<index> next_{0};
  index claim_end_ = 0;
  T* claimed_ = nullptr; // where its slots are, written under the lock; null: there was no claim yet
  index mask_ = 0;
  index claimed_mask_ = 0;
  alignas(T) std::byte place_[in_place != 0 ? sizeof(T) : 1];
};

} // namespace troupe::detail
