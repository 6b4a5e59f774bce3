// First in, first out, in memory that grows to what is used.

#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// Ring of a power of two slots that doubles when it is full. Not synchronised.
///
/// A mailbox of capacity 1,000,000 that never holds more than three items costs eight slots.
template <class T>
class ring {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "an item of a mailbox must be movable without an exception: hold it by std::unique_ptr otherwise");

public:
  ring() = default;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() {
    while (size() != 0)
      pop();
    std::allocator<T>{}.deallocate(slots_, slots_ != nullptr ? mask_ + 1 : 0);
  }

  std::size_t size() const noexcept { return tail_ - head_; }
  bool empty() const noexcept { return tail_ == head_; }

  /// @throws std::bad_alloc; then nothing has changed and `item` was not moved from
  void push(T&& item) {
    if (slots_ == nullptr || size() == mask_ + 1) [[unlikely]]
      grow_to(size() + 1);
    std::construct_at(slots_ + (tail_ & mask_), std::move(item));
    ++tail_;
  }

  /// @pre not empty
  T& front() noexcept { return slots_[head_ & mask_]; }
  void pop() noexcept {
    std::destroy_at(slots_ + (head_ & mask_));
    ++head_;
  }

  /// Makes slots for `items` in all.
  ///
  /// @throws std::bad_alloc; then nothing has changed
  void grow_to(std::size_t items) {
    if (slots_ == nullptr || items > mask_ + 1)
      grow(std::bit_ceil(std::max(items, slots_min)));
  }

private:
  static constexpr std::size_t slots_min = 8;

  [[gnu::noinline]] void grow(std::size_t count) {
    T* const grown = std::allocator<T>{}.allocate(count);
    const std::size_t queued = size();
    for (std::size_t i = 0; i < queued; ++i) {
      std::construct_at(grown + i, std::move(front()));
      pop();
    }
    std::allocator<T>{}.deallocate(slots_, slots_ != nullptr ? mask_ + 1 : 0);
    slots_ = grown;
    mask_ = count - 1;
    head_ = 0;
    tail_ = queued;
  }

  T* slots_ = nullptr;
  std::size_t mask_ = 0;
  std::size_t head_ = 0; // both only grow; their difference is the size
  std::size_t tail_ = 0;
};

} // namespace troupe::detail
