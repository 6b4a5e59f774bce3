// First in, first out, in memory that grows to what is used; the one reader may claim items and take them unlocked.

#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
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
    for (; freed_ != tail_; ++freed_)
      std::destroy_at(slot(freed_));
    release(slots_, mask_);
  }

  /// Claimed or queued.
  std::size_t size() const noexcept { return tail_ - freed_; }
  /// Queued, and not claimed.
  std::size_t queued() const noexcept { return tail_ - limit_; }
  /// Items that were pushed and not taken back by `take_newest` or `take_queued`; how many of them are out.
  std::size_t pushed() const noexcept { return tail_; }
  std::size_t freed() const noexcept { return freed_; }
  /// Slots that there are now.
  std::size_t slots() const noexcept { return slots_ != nullptr ? mask_ + 1 : in_place; }

  /// @pre size() < slots()
  void push(T&& item) noexcept {
    std::construct_at(slot(tail_), std::move(item));
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
  T& newest() noexcept { return *slot(tail_ - 1); }
  /// Moves the oldest out and frees its slot.
  ///
  /// @pre queued() != 0, nothing is claimed
  void take(std::optional<T>& to) noexcept {
    T& taken = oldest();
    to.emplace(std::move(taken));
    std::destroy_at(&taken);
    freed_ = ++limit_;
  }

  /// Moves the newest out again.
  ///
  /// @pre queued() != 0
  void take_newest(std::optional<T>& to) noexcept {
    --tail_;
    to.emplace(std::move(*slot(tail_)));
    std::destroy_at(slot(tail_));
  }

  /// Moves all that is queued out again, oldest first.
  ///
  /// @pre `to` has room for it
  void take_queued(std::vector<T>& to) noexcept {
    for (std::size_t at = limit_; at != tail_; ++at) {
      to.push_back(std::move(*slot(at)));
      std::destroy_at(slot(at));
    }
    tail_ = limit_;
  }

  /// @name For the one who claims
  ///@{
  /// Whether there is a claimed item to take. Without the lock.
  bool has_claimed() const noexcept { return next_ != claim_end_; }
  /// Without the lock.
  ///
  /// @pre has_claimed()
  void take_claimed(std::optional<T>& to) noexcept {
    T& taken = claimed_[next_ & claimed_mask_];
    to.emplace(std::move(taken));
    std::destroy_at(&taken);
    ++next_;
  }
  /// @pre not has_claimed(), everything taken is freed
  void claim(std::size_t count) noexcept {
    claimed_ = slot(0);
    claimed_mask_ = mask_;
    next_ = limit_;
    limit_ += count;
    claim_end_ = limit_;
  }
  /// Frees the slots of what was taken.
  void free_taken() noexcept {
    if (claimed_ == nullptr)
      return;
    freed_ = next_;
    if (retired_ != nullptr && next_ == claim_end_) [[unlikely]]
      release(std::exchange(retired_, nullptr), claimed_mask_);
  }
  /// Gives the rest of the claim back: it is queued again, at the front.
  void unclaim() noexcept {
    if (claimed_ == nullptr)
      return;
    if (claimed_ != slot(0)) // they stayed behind when the ring grew
      for (std::size_t at = next_; at != claim_end_; ++at) {
        T& left = claimed_[at & claimed_mask_];
        std::construct_at(slot(at), std::move(left));
        std::destroy_at(&left);
      }
    claim_end_ = limit_ = next_;
    free_taken();
    claimed_ = nullptr;
  }
  ///@}

private:
  static constexpr std::size_t slots_min = 8;
  static constexpr std::size_t in_place = sizeof(T) <= 32 ? 1 : 0;

  T* slot(std::size_t at) noexcept {
    T* const first = slots_ != nullptr ? slots_ : reinterpret_cast<T*>(place_);
    return first + (at & mask_);
  }
  void release(T* slots, std::size_t mask) noexcept {
    if (slots != nullptr)
      std::allocator<T>{}.deallocate(slots, mask + 1);
  }

  [[gnu::noinline]] void grow(std::size_t count) {
    T* const grown = std::allocator<T>{}.allocate(count);
    for (std::size_t at = limit_; at != tail_; ++at) {
      std::construct_at(grown + (at & (count - 1)), std::move(*slot(at)));
      std::destroy_at(slot(at));
    }
    if (freed_ != limit_ && claimed_ == slots_)
      retired_ = slots_; // until the claim is used up (`claimed_` was written under the lock)
    else
      release(slots_, mask_);
    slots_ = grown;
    mask_ = count - 1;
  }

  T* slots_ = nullptr; // null: `place_`
  std::size_t mask_ = 0;
  std::size_t freed_ = 0; // the marks only grow
  std::size_t tail_ = 0;
  std::size_t limit_ = 0;
  // The claimer's own, who alone reads and writes them; freed_ <= next_ <= claim_end_ == limit_ while it has a claim.
  std::size_t next_ = 0;
  std::size_t claim_end_ = 0;
  T* claimed_ = nullptr; // null: there was no claim yet
  std::size_t claimed_mask_ = 0;
  T* retired_ = nullptr;
  alignas(T) std::byte place_[in_place != 0 ? sizeof(T) : 1];
};

} // namespace troupe::detail
