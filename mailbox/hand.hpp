// What the reader of a mailbox has taken last, for snapshots.

#pragma once

#include <troupe/scope/coarse_time.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <typeinfo>

namespace troupe::detail {

/// An item that is one of several kinds: an actor's message.
template <class T>
concept of_kinds = requires(const T& item) {
  { item.kind() } -> std::same_as<std::size_t>;
  { T::type_of(item.kind()) } -> std::same_as<const std::type_info&>;
};

/// What was in hand at a moment.
struct hand_seen {
  const std::type_info* type = nullptr; ///< Null: nothing, or it is not known.
  coarse_time since = 0;
};

/// Written by the reader without a lock, two plain stores an item; nothing at all for items without kinds. Of several
/// that are in hand at a time it knows the one taken last.
template <class T>
class hand {
public:
  void take(const T&, coarse_time) noexcept {}
  void let_go() noexcept {}
  hand_seen look() const noexcept { return {}; }
};

template <of_kinds T>
class hand<T> {
public:
  void take(const T& item, coarse_time now) noexcept {
    // relaxed, all: a snapshot is true of some moment, and what it reads is never destroyed
    seen_.store((item.kind() + std::uint64_t{1}) << 32U | now, std::memory_order_relaxed);
  }
  void let_go() noexcept { seen_.store(0, std::memory_order_relaxed); }
  hand_seen look() const noexcept {
    const std::uint64_t seen = seen_.load(std::memory_order_relaxed);
    if (seen >> 32U == 0)
      return {};
    return {&T::type_of((seen >> 32U) - 1), static_cast<coarse_time>(seen)};
  }

private:
  std::atomic<std::uint64_t> seen_{0};
};

} // namespace troupe::detail
