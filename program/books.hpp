// The accounting of a run: statements about its counts that must hold, each with its numbers.

#pragma once

#include <troupe/mailbox/statistics.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// One statement, such as "read = parsed + rejected" with "820 = 820 + 0".
struct book_entry {
  std::string statement;
  std::string numbers;
  bool holds = false;
};

using books = std::vector<book_entry>;

bool all_hold(const books& entries) noexcept;
/// A table of the statements, each with "ok" or "FAILED".
std::string text_of(const books& entries);
/// The statements that do not hold, a line each.
std::string failures_in(const books& entries);

/// A number and what it counts, to be added up in a statement.
struct summand {
  std::string_view what;
  std::uint64_t count;
};

/// "whole = part + part", in words and in numbers.
book_entry sum_entry(std::string_view whole, std::uint64_t count, const std::vector<summand>& parts);

/// What must hold of a mailbox that is closed, drained, and whose items were all let go: settled = sent, and peak depth
/// <= capacity.
void add_mailbox(books& entries, std::string_view name, const mailbox_statistics& of);

/// Count of one reason.
std::uint64_t dropped(const mailbox_statistics& of, drop_reason why) noexcept;
/// The items that did not end as handled, whether they were in the mailbox or not.
std::uint64_t dropped(const mailbox_statistics& of) noexcept;
/// "100 no_receiver, 8 handling_cancelled", or "none".
std::string dropped_by_reason(const mailbox_statistics& of);

} // namespace troupe::tools
