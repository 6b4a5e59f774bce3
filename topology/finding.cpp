#include <troupe/topology/finding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace troupe::topology {

namespace {

constexpr std::size_t line_shown_max = 200; // characters: beyond it nobody looks

/// The line of that number, without its end; empty: there is none.
std::string_view line_of(std::string_view text, std::uint32_t number) noexcept {
  for (; number > 1; --number) {
    const std::size_t end = text.find('\n');
    if (end == text.npos)
      return {};
    text.remove_prefix(end + 1);
  }
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

bool begins_character(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; }

/// What can be shown on a terminal: control characters as spaces.
std::string shown(std::string_view line) {
  std::string all;
  std::size_t characters = 0;
  for (const char each : line) {
    if (begins_character(each) && ++characters > line_shown_max)
      break;
    all += static_cast<unsigned char>(each) < 0x20U || each == 0x7f ? ' ' : each;
  }
  return all;
}

} // namespace

bool has_errors(std::span<const finding> all) noexcept {
  return std::any_of(all.begin(), all.end(), [](const finding& one) { return one.how == severity::error; });
}

std::string render(const finding& one, std::string_view text, std::string_view file_name) {
  std::string all{file_name};
  if (one.at.line != 0)
    all += fmt::format(":{}:{}", one.at.line, one.at.column);
  all += fmt::format(": {}: {} [{}]\n", one.how == severity::error ? "error" : "warning", one.what, one.rule);
  const std::string line = one.at.line != 0 ? shown(line_of(text, one.at.line)) : std::string();
  if (!line.empty()) {
    all += fmt::format("{:>5} | {}\n", one.at.line, line);
    if (one.at.column != 0 && one.at.column <= line_shown_max)
      all += fmt::format("      | {:>{}}\n", '^', one.at.column);
  }
  if (!one.remedy.empty())
    all += fmt::format("  try: {}\n", one.remedy);
  return all;
}

std::string render(std::span<const finding> all, std::string_view text, std::string_view file_name) {
  std::vector<const finding*> sorted;
  for (const finding& each : all)
    sorted.push_back(&each);
  std::sort(sorted.begin(), sorted.end(),
            [](const finding* a, const finding* b) { return a->at != b->at ? a->at < b->at : a < b; });
  std::string rendered;
  for (const finding* each : sorted)
    rendered += render(*each, text, file_name);
  return rendered;
}

} // namespace troupe::topology
