// Time as fibers note it: read from the clock once in a while by whoever runs them, and by no fiber.

#pragma once

#include <troupe/scope/time_source.hpp>

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

/// For an executor, on a thread that runs its fibers, before it runs one or a few: what they will note, by
/// `executor::noted_clock`. In a fiber that keeps its thread for long it is old by as much.
void note_time(instant now) noexcept;

} // namespace troupe::detail
