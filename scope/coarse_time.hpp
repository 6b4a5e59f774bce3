// Time as fibers note it: read from the clock once in a while by whoever runs them, and by no fiber.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe::detail {

/// Milliseconds of some clock, its last 32 bits. 0: not known.
using coarse_time = std::uint32_t;

inline coarse_time coarse(instant at) noexcept {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const auto from_one = static_cast<coarse_time>(milliseconds + 1);
  return from_one != 0 ? from_one : 1;
}

/// How long ago it was, by the same clock; what was more than 49 days ago comes out as less. Empty: not known.
inline std::optional<duration> age_of(coarse_time then, instant now) noexcept {
  if (then == 0)
    return std::nullopt;
  return std::chrono::milliseconds{coarse(now) - then};
}

/// What the fibers that run on this thread note at each wait, by `executor::noted_clock`. An executor writes it before it
/// runs one or a few; while a fiber keeps the thread for long, somebody else may.
std::atomic<coarse_time>& time_on_this_thread() noexcept;

inline void note_time(instant now) noexcept {
  time_on_this_thread().store(coarse(now), std::memory_order_relaxed); // relaxed, as where it is read: only a number
}

} // namespace troupe::detail
