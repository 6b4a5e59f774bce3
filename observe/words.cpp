#include <troupe/observe/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace troupe::detail {

using namespace std::chrono_literals;

std::string in_words(duration length) {
  const auto in = [length](auto unit) { return length / duration{unit}; };
  if (length <= 0s)
    return "0 s";
  if (length < 1ms)
    return fmt::format("{} us", in(1us));
  if (length < 1s)
    return fmt::format("{} ms", in(1ms));
  if (length < 60s)
    return in(100ms) % 10 == 0 ? fmt::format("{} s", in(1s)) : fmt::format("{}.{} s", in(1s), in(100ms) % 10);
  if (length < 1h)
    return fmt::format("{} min {} s", in(1min), in(1s) % 60);
  return fmt::format("{} h {} min", in(1h), in(1min) % 60);
}

std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || length > text.size())
    return 0;
  for (std::size_t at = 1; at < length; ++at)
    if ((byte(at) & 0xc0U) != 0x80)
      return 0;
  // Longer than it need be, a surrogate, or beyond the last code point.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0) || (first == 0xf0 && byte(1) < 0x90) ||
      (first == 0xf4 && byte(1) >= 0x90))
    return 0;
  return length;
}

std::string in_one_line(std::string_view text, std::size_t bytes_max) {
  std::string line;
  while (!text.empty()) {
    if (line.size() >= bytes_max)
      return line + "...";
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = utf8_length(text);
    const bool is_control = first < ' ' || first == 0x7f || (length == 2 && first == 0xc2 && text[1] < '\xa0');
    if (text.front() == '\\')
      line += "\\\\";
    else if (text.front() == '\n')
      line += "\\n";
    else if (text.front() == '\t')
      line += "\\t";
    else if (length == 0 || (is_control && length == 1))
      line += fmt::format("\\x{:02x}", first);
    else if (is_control) // of the second block: some terminals take them for sequences
      line += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[1]));
    else
      line += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return line;
}

std::size_t columns(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char each) { return (static_cast<unsigned char>(each) & 0xc0U) != 0x80; }));
}

} // namespace troupe::detail
