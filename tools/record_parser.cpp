#include <troupe/program/human_text.hpp>
#include <troupe/tools/record_parser.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace troupe::tools {

namespace {

constexpr std::size_t section_bytes_max = 100;
constexpr std::string_view blanks = " \t";

/// One of the fields that matter, as it stands in the record.
struct field {
  std::string_view name;
  std::optional<std::string_view> value;
  std::uint64_t line = 0;
};

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool digit(char letter) noexcept { return letter >= '0' && letter <= '9'; }

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool visible_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char byte) { return byte > ' ' && byte <= '~'; });
}

/// The fields of one record, taken line by line.
class fields {
public:
  std::array<field, 3> wanted{field{"Package", {}, 0}, field{"Section", {}, 0}, field{"Installed-Size", {}, 0}};

  /// What is wrong with the line; empty: nothing.
  std::string take(std::string_view line, std::uint64_t number) {
    if (blanks.find(line.front()) != std::string_view::npos)
      return take_continuation();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos)
      return fmt::format("neither a field nor a continuation line (no colon): `{}`", printable(line, 40));
    const std::string_view name = line.substr(0, colon);
    if (name.empty())
      return fmt::format("a field without a name: `{}`", printable(line, 40));
    if (!visible_ascii(name))
      return fmt::format("not a field name: `{}`", printable(name, 40));
    begun_ = true;
    current_ = nullptr;
    for (field& each : wanted)
      if (same_name(name, each.name))
        current_ = &each;
    if (current_ == nullptr)
      return {};
    if (current_->value)
      return fmt::format("a second field {}, the first is in line {}", current_->name, current_->line);
    current_->value = trimmed(line.substr(colon + 1));
    current_->line = number;
    return {};
  }

private:
  std::string take_continuation() const {
    if (!begun_)
      return "a record cannot begin with a continuation line (one that starts with a space)";
    if (current_ != nullptr)
      return fmt::format("the field {} must fit one line", current_->name);
    return {};
  }

  bool begun_ = false;
  field* current_ = nullptr; // where a continuation line would go, if it is one that matters
};

std::string read_size(std::string_view text, std::uint64_t& kibibytes) {
  const char* const end = text.data() + text.size();
  const auto [stopped_at, error] = std::from_chars(text.data(), end, kibibytes);
  const std::string shown = printable(text, 40);
  if (error == std::errc::result_out_of_range)
    return fmt::format("Installed-Size is too large: `{}`", shown);
  if (text.size() > 1 && text.front() == '-' && std::all_of(text.begin() + 1, text.end(), digit))
    return fmt::format("Installed-Size is negative: `{}`", shown);
  if (error != std::errc{} || stopped_at != end)
    return fmt::format("Installed-Size is not a whole number: `{}`", shown);
  return {};
}

parsed_record judge(const record& from, const fields& found) {
  const auto& [name, section, size] = found.wanted;
  if (!name.value)
    return rejection{from.line, "no field Package"};
  if (name.value->empty() || !visible_ascii(*name.value))
    return rejection{name.line, fmt::format("not a package name: `{}`", printable(*name.value, 40))};
  package made{std::string(*name.value), "unknown", 0};
  if (section.value && !section.value->empty()) {
    if (section.value->size() > section_bytes_max)
      return rejection{section.line, fmt::format("Section is longer than {} bytes", section_bytes_max)};
    made.section = *section.value;
  }
  if (size.value) {
    std::string wrong = read_size(*size.value, made.installed_kib);
    if (!wrong.empty())
      return rejection{size.line, std::move(wrong)};
  }
  return made;
}

} // namespace

parsed_record parse(const record& from) {
  if (from.what_is_wrong == record::fault::too_long)
    return rejection{from.line, "longer than a record may be"};
  if (from.what_is_wrong == record::fault::cut_off)
    return rejection{from.line, "cut off: the input could not be read to its end"};
  fields found;
  std::uint64_t number = from.line;
  for (std::string_view rest = from.text; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.find('\0') != std::string_view::npos)
      return rejection{number, "a NUL byte: this is not text"};
    std::string wrong = line.empty() ? std::string("a blank line within a record") : found.take(line, number);
    if (!wrong.empty())
      return rejection{number, std::move(wrong)};
  }
  return judge(from, found);
}

} // namespace troupe::tools
