// How long things took: quantiles of any number of durations, in bounded memory.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::tools {

/// Counts durations in buckets of whole microseconds that get wider with what they hold: below 64 us each has its own, and
/// from there on a bucket is at most a 32nd as wide as what is in it. So a quantile is never too low, and at most 3.2 %
/// too high. (Such buckets are those of HdrHistogram.)
class latency_histogram {
public:
  /// A negative one counts as 0.
  void add(duration took) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  /// The longest of all, to the microsecond. 0: there is none.
  duration max() const noexcept;
  /// So that at least this share of all took no longer: 0.5 is the median. 0: there is none.
  ///
  /// @pre 0 < share <= 1
  duration quantile(double share) const noexcept;

  /// A line of text for each doubling from the shortest to the longest, with a bar; of at most 80 columns. Empty: there is
  /// none.
  std::string chart() const;

private:
  static constexpr std::uint64_t parts = 32; // of a doubling
  static constexpr std::size_t buckets = 1'920;

  static std::size_t bucket_of(std::uint64_t microseconds) noexcept;
  static std::uint64_t last_in(std::size_t bucket) noexcept;

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0; // microseconds
};

} // namespace troupe::tools
