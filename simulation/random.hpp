// Random numbers that are the same everywhere for the same seed.

#pragma once

#include <cstdint>

namespace troupe {

/// SplitMix64 (Steele, Lea, Flood 2014): one word of state, passes BigCrush. The standard library's distributions
/// differ between implementations, so a seed would not mean the same run.
class seeded_random {
public:
  explicit seeded_random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }

  /// Evenly from 0 to `count - 1` (biased by less than 2^-32 for counts below 2^32).
  ///
  /// @pre count > 0
  std::uint64_t below(std::uint64_t count) noexcept { return next() % count; }

private:
  std::uint64_t state_;
};

} // namespace troupe
