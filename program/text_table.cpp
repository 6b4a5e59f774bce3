#include <troupe/program/text_table.hpp>
#include <troupe/scope/assert.hpp>

#include <algorithm>

namespace troupe::tools {

namespace {

constexpr std::size_t gap = 2; // spaces between columns

} // namespace

text_table::text_table(std::vector<column> columns) : columns_(std::move(columns)) {
  for (const column& each : columns_)
    widths_.push_back(each.title.size());
}

void text_table::add(std::vector<std::string> cells) {
  TROUPE_ASSERT(cells.size() == columns_.size(), "a row of a text_table has as many cells as the table has columns");
  for (std::size_t i = 0; i < cells.size(); ++i)
    widths_[i] = std::max(widths_[i], cells[i].size());
  rows_.push_back(std::move(cells));
}

void text_table::add_rule() { rows_.emplace_back(); }

std::string text_table::line_of(const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths_[i] - cells[i].size(), ' ');
    line += i == 0 ? "" : std::string(gap, ' ');
    line += columns_[i].side == align::left ? cells[i] + padding : padding + cells[i];
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string text_table::text() const {
  std::size_t width = gap * (columns_.size() - 1);
  for (const std::size_t each : widths_)
    width += each;

  std::vector<std::string> titles;
  for (const column& each : columns_)
    titles.push_back(each.title);
  std::string text = line_of(titles);
  if (text == "\n")
    text.clear();
  for (const std::vector<std::string>& row : rows_)
    text += row.empty() ? std::string(width, '-') + '\n' : line_of(row);
  return text;
}

} // namespace troupe::tools
