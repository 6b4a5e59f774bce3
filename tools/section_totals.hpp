// Packages and installed size, added up by section.

#pragma once

#include <troupe/tools/record_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe::tools {

/// Adds up packages by section. Sizes saturate; sections beyond `sections_max` share the row "(other sections)".
class section_totals {
public:
  static constexpr std::size_t sections_max = 1'000;

  struct row {
    std::string section;
    std::uint64_t packages = 0;
    std::uint64_t installed_kib = 0;
  };

  void add(const package& counted);

  /// Largest first; equal ones by name.
  std::vector<row> by_size() const;
  row total() const;

private:
  struct sum {
    std::uint64_t packages = 0;
    std::uint64_t installed_kib = 0;
  };

  std::map<std::string, sum, std::less<>> sums_;
};

} // namespace troupe::tools
