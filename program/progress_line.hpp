// One line on standard error that says how far the work is, and messages that do not mix with it.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::tools {

/// Where a progress line is shown.
struct progress_screen {
  bool redraws = false;               ///< A terminal: the line is drawn over itself.
  std::function<std::size_t()> width; ///< Columns of that terminal, asked at each drawing; it may be resized.
  std::function<void(std::string_view text)> write;

  /// Standard error: redrawn on a terminal that is not "dumb", else plain lines.
  static progress_screen standard_error();
};

/// On a terminal, a line that is redrawn in place, cut to the terminal's width, and gone in the end. Elsewhere plain
/// lines, a second apart at least, so that a log does not fill up.
///
/// @thread any
class progress_line {
public:
  explicit progress_line(progress_screen screen) : screen_(std::move(screen)) {}

  void show(std::string_view text, instant now);
  /// Writes a line above the progress line.
  void message(std::string_view text);
  /// On a terminal takes the line away; elsewhere shows it once more, so that a short run has one too.
  void finish(std::string_view last, instant now);

private:
  void draw();

  const progress_screen screen_;
  std::mutex mutex_;
  std::string shown_; // on the terminal now
  std::optional<instant> plain_at_;
};

} // namespace troupe::tools
