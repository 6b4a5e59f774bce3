#include <troupe/tools/record_splitter.hpp>

#include <utility>

namespace troupe::tools {

std::optional<record> record_splitter::next() {
  while (!piece_.empty()) {
    const std::size_t end = piece_.find('\n');
    append(piece_.substr(0, end));
    if (end == std::string_view::npos) {
      piece_ = {};
      break;
    }
    piece_.remove_prefix(end + 1);
    if (end_line())
      return take(record::fault::none);
  }
  if (!ended_)
    return std::nullopt;
  end_line(); // the end of the input ends its last line
  if (!begun_)
    return std::nullopt;
  return take(ended_how_);
}

void record_splitter::append(std::string_view part) {
  if (line_is_blank_ && part.find_first_not_of(" \t\r") != std::string_view::npos)
    line_is_blank_ = false;
  bytes_ += part.size();
  if (bytes_ > record_bytes_max_)
    too_long_ = true;
  if (too_long_)
    text_.clear();
  else
    text_.append(part);
}

/// True when the line that ends here also ends a record.
bool record_splitter::end_line() {
  const bool blank = std::exchange(line_is_blank_, true);
  ++line_;
  if (blank) {
    text_.resize(too_long_ ? 0 : line_begin_);
    if (begun_)
      return true;
    bytes_ = 0; // blank lines before a record are no part of it
    too_long_ = false;
    first_line_ = line_;
    return false;
  }
  begun_ = true;
  if (++bytes_ > record_bytes_max_)
    too_long_ = true;
  if (too_long_) {
    text_.clear();
    return false;
  }
  if (text_.back() == '\r')
    text_.pop_back();
  text_ += '\n';
  line_begin_ = text_.size();
  return false;
}

record record_splitter::take(record::fault how) {
  record whole{first_line_, text_, too_long_ ? record::fault::too_long : how};
  text_.clear();
  line_begin_ = 0;
  bytes_ = 0;
  begun_ = false;
  too_long_ = false;
  first_line_ = line_;
  return whole;
}

} // namespace troupe::tools
