// Waits that grow from one attempt to the next, and differ between those who try.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <cstdint>

namespace troupe {

class executor;

namespace detail {

/// `first` doubled so many `times`, `longest` at most; negative durations count as zero.
duration doubled(duration first, std::uint32_t times, duration longest) noexcept;

/// `whole` less up to `part` (0 to 1) of it, as 64 random bits say.
duration random_part(duration whole, double part, std::uint64_t random) noexcept;

/// 64 bits that differ from call to call, and are the same in each run of a seed of the simulator.
///
/// @param salt  tells apart what is asked for at the same time
std::uint64_t random_bits(executor& of, std::uint64_t salt) noexcept;

} // namespace detail

} // namespace troupe
