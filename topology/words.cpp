#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace troupe::topology {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t size;
};
constexpr std::array<unit, 7> time_units{{{"h", 3'600'000'000'000U},
                                          {"min", 60'000'000'000U},
                                          {"s", 1'000'000'000U},
                                          {"ms", 1'000'000U},
                                          {"us", 1'000U},
                                          {"\xc2\xb5s", 1'000U},
                                          {"ns", 1U}}};
constexpr std::array<unit, 7> byte_units{{{"GiB", 1U << 30U},
                                          {"MiB", 1U << 20U},
                                          {"KiB", 1U << 10U},
                                          {"GB", 1'000'000'000U},
                                          {"MB", 1'000'000U},
                                          {"KB", 1'000U},
                                          {"B", 1U}}};

std::optional<std::uint64_t> read_whole(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return number;
}

/// A number, perhaps with a fraction, and a unit right behind it or after a space; in the smallest unit.
std::optional<std::uint64_t> read_measure(std::string_view text, std::span<const unit> units,
                                          std::uint64_t most) noexcept {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, digits);
  std::string_view name = text.substr(digits);
  if (name.starts_with(' '))
    name.remove_prefix(1);
  const auto found = std::find_if(units.begin(), units.end(), [&](const unit& each) { return each.name == name; });
  if (found == units.end() || number.empty())
    return std::nullopt;
  const std::size_t point = number.find('.');
  const std::optional<std::uint64_t> whole = read_whole(number.substr(0, point));
  if (!whole || *whole > most / found->size)
    return std::nullopt;
  std::uint64_t sum = *whole * found->size;
  if (point != number.npos) { // digit by digit, so that nothing is rounded
    const std::string_view fraction = number.substr(point + 1);
    if (fraction.empty() || fraction.find('.') != fraction.npos)
      return std::nullopt;
    std::uint64_t place = found->size;
    for (const char digit : fraction) {
      if (place % 10 != 0 && digit != '0')
        return std::nullopt; // finer than the smallest unit
      place /= 10;
      sum += place * static_cast<std::uint64_t>(digit - '0');
    }
  }
  if (sum > most)
    return std::nullopt;
  return sum;
}

/// How many letters must be changed, put in or taken out; `limit + 1` for more than that.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit)
    return limit + 1;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

} // namespace

std::optional<duration> read_time(std::string_view text) noexcept {
  const auto read = read_measure(text, time_units, static_cast<std::uint64_t>(time_max.count()));
  if (!read)
    return std::nullopt;
  return duration{static_cast<duration::rep>(*read)};
}

std::string write_time(duration time) {
  const auto count = static_cast<std::uint64_t>(std::max(time, duration::zero()).count());
  if (count == 0)
    return "0s";
  for (const unit& each : time_units)
    if (count % each.size == 0)
      return fmt::format("{}{}", count / each.size, each.name);
  return {}; // never: nanoseconds always fit
}

std::optional<std::uint64_t> read_bytes(std::string_view text) noexcept {
  if (const std::optional<std::uint64_t> plain = read_whole(text))
    return *plain <= bytes_max ? plain : std::nullopt;
  return read_measure(text, byte_units, bytes_max);
}

std::string human_bytes(std::uint64_t bytes) {
  for (const unit& each : std::span{byte_units}.first(3))
    if (bytes >= each.size)
      return bytes % each.size == 0
                 ? fmt::format("{} {}", bytes / each.size, each.name)
                 : fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(each.size), each.name);
  return fmt::format("{} bytes", bytes);
}

std::optional<range> read_range(std::string_view text) noexcept {
  const std::size_t dots = text.find("..");
  if (dots == text.npos) {
    const std::optional<std::uint64_t> exact = read_whole(text);
    return exact ? std::optional<range>{{*exact, *exact}} : std::nullopt;
  }
  const std::string_view low = text.substr(0, dots), high = text.substr(dots + 2);
  range made;
  if (!low.empty()) {
    const std::optional<std::uint64_t> least = read_whole(low);
    if (!least)
      return std::nullopt;
    made.least = *least;
  }
  if (!high.empty()) {
    const std::optional<std::uint64_t> most = read_whole(high);
    if (!most)
      return std::nullopt;
    made.most = *most;
  }
  if ((low.empty() && high.empty()) || made.least > made.most)
    return std::nullopt;
  return made;
}

std::string write_range(const range& what) {
  if (what.least == what.most)
    return fmt::format("{}", what.least);
  const range any;
  return fmt::format("{}..{}", what.least != 0 || what.most == any.most ? std::to_string(what.least) : "",
                     what.most != any.most ? std::to_string(what.most) : "");
}

std::string_view closest(std::string_view wanted, std::span<const std::string_view> known) {
  const std::size_t limit =
      std::max<std::size_t>(wanted.size() < 4 ? 1 : 2, std::min<std::size_t>(wanted.size(), 60) / 3);
  std::string_view best;
  std::size_t best_distance = limit + 1;
  for (const std::string_view each : known)
    if (const std::size_t now = distance(wanted, each, limit); now < best_distance) {
      best = each;
      best_distance = now;
    }
  return best;
}

std::string nearest(std::string_view wanted, std::span<const std::string_view> known) {
  constexpr std::size_t listed_max = 20;
  if (const std::string_view best = closest(wanted, known); !best.empty())
    return fmt::format("did you mean {}?", quoted(best));
  if (known.empty())
    return {};
  std::string all = known.size() == 1 ? "there is only " : "one of ";
  for (std::size_t i = 0; i < known.size() && i < listed_max; ++i)
    all += (i == 0 ? "" : ", ") + std::string(known[i]);
  if (known.size() > listed_max)
    all += fmt::format(", and {} more", known.size() - listed_max);
  return all;
}

std::string quoted(std::string_view text) {
  std::string all = "\"";
  for (const char each : text) {
    if (each == '"' || each == '\\')
      all += '\\';
    if (static_cast<unsigned char>(each) < 0x20U || each == 0x7f)
      all += fmt::format("\\u{:04x}", static_cast<unsigned>(each));
    else
      all += each;
  }
  return all + '"';
}

bool is_name(std::string_view text) noexcept {
  const auto letter = [](char each) { return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z'); };
  const auto further = [&](char each) {
    return letter(each) || (each >= '0' && each <= '9') || each == '-' || each == '_';
  };
  return !text.empty() && text.size() <= limits::name_bytes_max && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), further);
}

} // namespace troupe::topology
