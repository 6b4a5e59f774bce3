#include <troupe/program/human_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace troupe::tools {

namespace {

constexpr std::array<const char*, 8> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB"};

/// @param unit  index in `units` of what `value` counts
std::string in_units(std::uint64_t value, std::size_t unit) {
  if (value < 1024)
    return fmt::format("{} {}", value, units[unit]);
  auto scaled = static_cast<double>(value);
  while (scaled >= 1023.95 && unit + 1 < units.size()) { // what would be printed as 1024.0
    scaled /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", scaled, units[unit]);
}

std::string three_digits(double value, const char* unit) {
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit);
}

} // namespace

std::string human_bytes(std::uint64_t bytes) { return in_units(bytes, 0); }
std::string human_kibibytes(std::uint64_t kibibytes) { return in_units(kibibytes, 1); }

std::string human_count(double count) {
  if (count < 999.5)
    return fmt::format("{:.0f}", count);
  if (count < 999.5e3)
    return three_digits(count / 1e3, "k");
  if (count < 999.5e6)
    return three_digits(count / 1e6, "M");
  return three_digits(count / 1e9, "G");
}

std::string human_duration(duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  if (seconds < 999.5e-6)
    return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 0.9995)
    return three_digits(seconds * 1e3, "ms");
  if (seconds < 59.95)
    return three_digits(seconds, "s");
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string shown;
  for (const char byte : text) {
    if (shown.size() >= bytes_max)
      return shown + "...";
    if (byte >= ' ' && byte <= '~')
      shown += byte;
    else
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return shown;
}

std::vector<std::string> paragraph(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::size_t end = text.size() <= columns ? text.size() : text.rfind(' ', columns);
    if (end == text.npos || end == 0) // one long word
      end = std::min(text.find(' ', 1), text.size());
    lines.emplace_back(text.substr(0, std::min(end, columns)));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  return lines;
}

} // namespace troupe::tools
