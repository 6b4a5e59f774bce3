// The story of a tree, as `text_sink` writes it, for a terminal.

#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace troupe::tools {

/// A line of a story, with its end, in several where it is too long: what does not fit stands below the words, which are
/// its third column. A word that is too long stays whole.
std::string wrapped(std::string_view line, std::size_t columns_max = 100);

/// Writes lines to standard output, until that takes no more.
///
/// @thread any, one at a time; `failure` any
class story_screen {
public:
  void write(std::string_view line) noexcept;
  /// The first error of writing; none: there was none.
  std::error_code failure() const noexcept { return {failure_.load(), std::generic_category()}; }

private:
  std::atomic<int> failure_{0};
};

} // namespace troupe::tools
