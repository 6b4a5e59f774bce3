// Lamport's ring with cached indices, for one producer and one consumer, and what to do while it is full or empty.

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <sched.h>

namespace peer {

/// A queue of one producer and one consumer. Each side keeps a copy of the other's index and looks at the real one
/// only when the copy says full (or empty), so that the cache lines seldom travel.
template <uint64_t Capacity>
class ring {
public:
  /// Puts as many of `first`, `first + 1`, … as fit, `wanted` at most, and publishes them together.
  int64_t push_some(int64_t first, int64_t wanted) {
    const uint64_t tail = tail_.load(std::memory_order_relaxed); // only this side writes it
    if (tail - seen_head_ + static_cast<uint64_t>(wanted) > Capacity)
      seen_head_ = head_.load(std::memory_order_acquire); // pairs with the release in pop_some: the slots are free
    const auto count = std::min(wanted, static_cast<int64_t>(Capacity - (tail - seen_head_)));
    for (int64_t i = 0; i < count; ++i)
      slots_[(tail + static_cast<uint64_t>(i)) & mask] = first + i;
    if (count > 0)
      tail_.store(tail + static_cast<uint64_t>(count), std::memory_order_release);
    return count;
  }

  /// Gives up to `most` numbers to `take`, then frees their slots together.
  template <class Take>
  int64_t pop_some(int64_t most, Take take) {
    const uint64_t head = head_.load(std::memory_order_relaxed); // only this side writes it
    if (head == seen_tail_)
      seen_tail_ = tail_.load(std::memory_order_acquire); // pairs with the release in push_some: the slots are written
    const auto count = std::min(most, static_cast<int64_t>(seen_tail_ - head));
    for (int64_t i = 0; i < count; ++i)
      take(slots_[(head + static_cast<uint64_t>(i)) & mask]);
    if (count > 0)
      head_.store(head + static_cast<uint64_t>(count), std::memory_order_release);
    return count;
  }

  bool push(int64_t item) { return push_some(item, 1) == 1; }

  bool pop(int64_t& item) {
    return pop_some(1, [&](int64_t value) { item = value; }) == 1;
  }

  /// Whether a push would succeed. Called by the producer's side.
  bool has_room() {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - seen_head_ == Capacity)
      seen_head_ = head_.load(std::memory_order_acquire);
    return tail - seen_head_ < Capacity;
  }

private:
  static constexpr uint64_t mask = (Capacity <= 16 ? 16 : 128) - 1;
  static_assert(Capacity <= mask + 1);

  alignas(64) std::atomic<uint64_t> head_{0}; // next to read; the consumer's line
  uint64_t seen_tail_ = 0;
  alignas(64) std::atomic<uint64_t> tail_{0}; // next to write; the producer's line
  uint64_t seen_head_ = 0;
  alignas(64) std::array<int64_t, mask + 1> slots_{};
};

/// Spins for a while, then lets another program have the CPU.
class backoff {
public:
  void wait() {
    if (++turns_ < 2000) {
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      asm volatile("yield");
#endif
    } else {
      turns_ = 0;
      sched_yield();
    }
  }

private:
  int turns_ = 0;
};

} // namespace peer
