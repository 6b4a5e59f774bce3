// What is wrong with a topology file, where, and what to do about it.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace troupe::topology {

/// A place in a file, counted from 1. Line 0: none, it stands in no file.
struct position {
  std::uint32_t line = 0;
  std::uint32_t column = 0; ///< In characters, not bytes.

  friend auto operator<=>(const position&, const position&) = default;
};

enum class severity : std::uint8_t {
  error,   ///< It is not run.
  warning, ///< It runs, and may not do what its author thinks.
};

/// One thing that is wrong.
struct finding {
  severity how = severity::error;
  position at{};
  std::string rule;   ///< Its id, such as "send-cycle": docs/topology.md has them all.
  std::string what;   ///< What is wrong, in one sentence without a full stop.
  std::string remedy; ///< What to do, in one sentence; empty where `what` says it.

  friend bool operator==(const finding&, const finding&) = default;
};

/// How many findings are kept of one file: who has more begins with these.
inline constexpr std::size_t findings_max = 100;

bool has_errors(std::span<const finding> all) noexcept;

/// As compilers do, with the line and a caret below it:
///
///     crawler.toml:12:8: error: there is no node called "fetsh" [unknown-name]
///       12 | to = "fetsh"
///          |      ^
///       try: did you mean "fetch"?
///
/// @param text  of the file; empty: without the line
std::string render(const finding& one, std::string_view text, std::string_view file_name);
/// All of them, in the order of the file, errors and warnings.
std::string render(std::span<const finding> all, std::string_view text, std::string_view file_name);

} // namespace troupe::topology
