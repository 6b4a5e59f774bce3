#include <troupe/program/output.hpp>
#include <troupe/tools/story.hpp>

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace troupe::tools {

namespace {

/// Where the third column begins; columns have two spaces between them, or more.
std::size_t words_of(std::string_view line) {
  std::size_t at = line.find_first_not_of(' ');
  for (int column = 1; column < 3 && at != std::string_view::npos; ++column)
    at = line.find_first_not_of(' ', std::min(line.find("  ", at), line.size()));
  return at == std::string_view::npos ? 0 : at;
}

} // namespace

std::string wrapped(std::string_view line, std::size_t columns_max) {
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  const std::size_t indent = words_of(line);
  std::string text;
  std::size_t used = indent; // of the line that is being cut
  while (line.size() > columns_max) {
    std::size_t cut = line.rfind(' ', columns_max);
    if (cut == std::string_view::npos || cut < used)
      cut = line.find(' ', std::max(columns_max, used)); // its first word is too long
    if (cut == std::string_view::npos)
      break;
    text.append(line.substr(0, cut)).append("\n");
    line.remove_prefix(cut + 1);
    text.append(indent, ' ');
    columns_max -= std::exchange(used, 0) == 0 ? 0 : indent;
  }
  return text.append(line).append("\n");
}

void story_screen::write(std::string_view line) noexcept {
  if (failure_.load() != 0)
    return;
  const std::error_code error = write_all(STDOUT_FILENO, wrapped(line));
  if (error)
    failure_.store(error.value());
}

} // namespace troupe::tools
