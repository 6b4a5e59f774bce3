#include <troupe/program/books.hpp>
#include <troupe/program/text_table.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace troupe::tools {

bool all_hold(const books& entries) noexcept {
  return std::all_of(entries.begin(), entries.end(), [](const book_entry& each) { return each.holds; });
}

std::string text_of(const books& entries) {
  text_table table{{{"accounting"}, {"", text_table::align::left}, {""}}};
  for (const book_entry& each : entries)
    table.add({"  " + each.statement, each.numbers, each.holds ? "ok" : "FAILED"});
  return table.text();
}

std::string failures_in(const books& entries) {
  std::string text;
  for (const book_entry& each : entries)
    if (!each.holds)
      text += fmt::format("  {}: {}\n", each.statement, each.numbers);
  return text;
}

book_entry sum_entry(std::string_view whole, std::uint64_t count, const std::vector<summand>& parts) {
  book_entry entry{std::string(whole), std::to_string(count), false};
  const char* joint = " = ";
  std::uint64_t sum = 0;
  for (const summand& part : parts) {
    entry.statement += fmt::format("{}{}", joint, part.what);
    entry.numbers += fmt::format("{}{}", joint, part.count);
    sum += part.count;
    joint = " + ";
  }
  entry.holds = sum == count;
  return entry;
}

void add_mailbox(books& entries, std::string_view name, const mailbox_statistics& of) {
  entries.push_back(sum_entry(fmt::format("{}: settled", name), of.settled, {{"sent", of.sent}}));
  entries.push_back({fmt::format("{}: peak depth <= capacity", name),
                     fmt::format("{} <= {}", of.depth_max, of.capacity), of.depth_max <= of.capacity});
}

std::uint64_t dropped(const mailbox_statistics& of, drop_reason why) noexcept {
  return of.dropped[static_cast<std::size_t>(why)];
}

std::uint64_t dropped(const mailbox_statistics& of) noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : of.dropped)
    sum += count;
  return sum;
}

std::string dropped_by_reason(const mailbox_statistics& of) {
  std::string text;
  for (std::size_t i = 0; i < drop_reasons; ++i)
    if (of.dropped[i] != 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", of.dropped[i], to_string(static_cast<drop_reason>(i)));
  return text.empty() ? "none" : text;
}

} // namespace troupe::tools
