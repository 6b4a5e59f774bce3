// Rows of text in aligned columns.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::tools {

/// A table of ASCII text: columns as wide as their widest cell, two spaces between them, nothing at the ends of lines.
class text_table {
public:
  enum class align : bool { left, right };

  struct column {
    std::string title;
    align side = align::left;
  };

  explicit text_table(std::vector<column> columns);

  /// @pre as many cells as there are columns
  void add(std::vector<std::string> cells);
  /// A line across the whole table.
  void add_rule();

  /// All lines, each ending in a newline; the titles come first, unless they are all empty.
  std::string text() const;

private:
  std::string line_of(const std::vector<std::string>& cells) const;

  std::vector<column> columns_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_; // an empty one is a rule
};

} // namespace troupe::tools
