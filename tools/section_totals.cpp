#include <troupe/tools/section_totals.hpp>

#include <algorithm>
#include <limits>
#include <tuple>

namespace troupe::tools {

namespace {

std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) noexcept {
  return b > std::numeric_limits<std::uint64_t>::max() - a ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

} // namespace

void section_totals::add(const package& counted) {
  auto place = sums_.find(counted.section);
  if (place == sums_.end())
    place = sums_.try_emplace(sums_.size() < sections_max ? counted.section : "(other sections)").first;
  sum& of = place->second;
  ++of.packages;
  of.installed_kib = saturated_sum(of.installed_kib, counted.installed_kib);
}

std::vector<section_totals::row> section_totals::by_size() const {
  std::vector<row> rows;
  for (const auto& [section, of] : sums_)
    rows.push_back({section, of.packages, of.installed_kib});
  std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
    return std::tie(b.installed_kib, a.section) < std::tie(a.installed_kib, b.section);
  });
  return rows;
}

section_totals::row section_totals::total() const {
  row total{"total", 0, 0};
  for (const auto& [section, of] : sums_) {
    total.packages += of.packages;
    total.installed_kib = saturated_sum(total.installed_kib, of.installed_kib);
  }
  return total;
}

} // namespace troupe::tools
