#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/tools/latency_histogram.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <vector>

namespace troupe::tools {

namespace {

constexpr std::size_t bar_columns = 40;

duration of_microseconds(std::uint64_t count) noexcept {
  return clipped(std::chrono::duration<std::uint64_t, std::micro>{count});
}

} // namespace

std::size_t latency_histogram::bucket_of(std::uint64_t microseconds) noexcept {
  const auto width = static_cast<int>(std::bit_width(microseconds));
  const auto halvings =
      static_cast<std::size_t>(std::max(0, width - 6)); // until 32 to 63 are left, of less than 64 none
  return halvings * parts + static_cast<std::size_t>(microseconds >> halvings);
}

std::uint64_t latency_histogram::last_in(std::size_t bucket) noexcept {
  const std::size_t halvings = bucket < 2 * parts ? 0 : bucket / parts - 1;
  return (static_cast<std::uint64_t>(bucket - halvings * parts + 1) << halvings) - 1;
}

void latency_histogram::add(duration took) noexcept {
  const auto counted = std::chrono::duration_cast<std::chrono::microseconds>(std::max(took, duration::zero())).count();
  const auto microseconds = static_cast<std::uint64_t>(counted);
  ++counts_[bucket_of(microseconds)];
  ++count_;
  max_ = std::max(max_, microseconds);
}

duration latency_histogram::max() const noexcept { return of_microseconds(max_); }

duration latency_histogram::quantile(double share) const noexcept {
  TROUPE_ASSERT(share > 0 && share <= 1, "latency_histogram::quantile() takes a share above 0, up to 1");
  // Rounded up: the first one of which so many are not longer. Not all, of a share that is almost 1.
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_) - 1e-9));
  std::uint64_t passed = 0;
  for (std::size_t bucket = 0; bucket < buckets && count_ != 0; ++bucket) {
    passed += counts_[bucket];
    if (passed >= std::max<std::uint64_t>(rank, 1))
      return of_microseconds(std::min(last_in(bucket), max_));
  }
  return max();
}

std::string latency_histogram::chart() const {
  struct row {
    std::uint64_t last; // microseconds
    std::uint64_t count;
  };
  std::vector<row> rows;
  for (std::size_t first = 0; first < buckets; first = std::max<std::size_t>(2 * parts, first + parts)) {
    const std::size_t behind = first == 0 ? 2 * parts : first + parts;
    std::uint64_t all = 0;
    for (std::size_t bucket = first; bucket < behind; ++bucket)
      all += counts_[bucket];
    if (all != 0 || !rows.empty())
      rows.push_back({last_in(behind - 1), all});
  }
  while (!rows.empty() && rows.back().count == 0)
    rows.pop_back();

  std::uint64_t most = 1;
  for (const row& each : rows)
    most = std::max(most, each.count);
  using align = text_table::align;
  text_table table{{{"", align::right}, {""}, {"", align::right}, {"", align::right}}};
  for (const row& each : rows) {
    const std::size_t columns = (each.count * bar_columns + most - 1) / most; // whoever is there is seen
    table.add({"< " + human_duration(of_microseconds(each.last + 1)), std::string(columns, '#'),
               std::to_string(each.count),
               fmt::format("{:.1f} %", 100.0 * static_cast<double>(each.count) / static_cast<double>(count_))});
  }
  return table.text();
}

} // namespace troupe::tools
