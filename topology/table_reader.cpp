#include <troupe/topology/table_reader.hpp>

#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <cmath>

namespace troupe::topology {

table_reader::table_reader(const text_value& table, position at, std::string what, finding_list& wrong)
    : table_(table), at_(at), what_(std::move(what)), wrong_(wrong), taken_(table.entries.size()) {
  for (const text_entry& each : table.entries)
    keys_.add(each.key, each.at);
}

const text_value* table_reader::take(std::string_view key) {
  known_.emplace_back(key);
  for (std::size_t i = 0; i < table_.entries.size(); ++i)
    if (table_.entries[i].key == key) {
      taken_[i] = true;
      return &table_.entries[i].value;
    }
  return nullptr;
}

void table_reader::mistyped(std::string_view key, const text_value& given, const std::string& wanted,
                            std::string remedy) {
  const std::string is = given.is == text_value::type::text      ? quoted(given.text)
                         : given.is == text_value::type::integer ? std::to_string(given.integer)
                                                                 : std::string(name_of(given.is));
  wrong_.error(given.at, "bad-value", fmt::format("{} of {} must be {}, and is {}", quoted(key), what_, wanted, is),
               std::move(remedy));
}

bool table_reader::read(std::string_view key, bool& to) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return false;
  if (given->is != text_value::type::flag) {
    mistyped(key, *given, "true or false", {});
    return false;
  }
  to = given->flag;
  return true;
}

bool table_reader::read(std::string_view key, std::string& to) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return false;
  if (given->is != text_value::type::text) {
    mistyped(key, *given, "a string", "write it in double quotes");
    return false;
  }
  to = given->text;
  return true;
}

bool table_reader::read(std::string_view key, std::uint64_t& to, std::uint64_t least, std::uint64_t most) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return false;
  if (given->is != text_value::type::integer) {
    mistyped(key, *given, "a whole number", fmt::format("{} = {}", key, std::max<std::uint64_t>(least, 1)));
    return false;
  }
  if (given->integer < 0 || static_cast<std::uint64_t>(given->integer) < least ||
      static_cast<std::uint64_t>(given->integer) > most) {
    wrong_.error(given->at, "out-of-range", fmt::format("{} of {} is {}", quoted(key), what_, given->integer),
                 fmt::format("a number from {} to {}", least, most));
    return false;
  }
  to = static_cast<std::uint64_t>(given->integer);
  return true;
}

bool table_reader::read(std::string_view key, double& to, double least, double most) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return false;
  const bool whole = given->is == text_value::type::integer;
  if (!whole && given->is != text_value::type::real) {
    mistyped(key, *given, "a number", fmt::format("{} = {}", key, (least + most) / 2));
    return false;
  }
  const double number = whole ? static_cast<double>(given->integer) : given->real;
  if (!(number >= least && number <= most)) { // also what is no number
    wrong_.error(given->at, "out-of-range", fmt::format("{} of {} is {}", quoted(key), what_, number),
                 fmt::format("a number from {} to {}", least, most));
    return false;
  }
  to = number;
  return true;
}

bool table_reader::read(std::string_view key, std::optional<duration>& to, duration least) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return false;
  if (given->is != text_value::type::text) {
    mistyped(key, *given, "a time", fmt::format("{} = \"250ms\": a number and a unit, in double quotes", key));
    return false;
  }
  const std::optional<duration> time = read_time(given->text);
  if (!time) {
    mistyped(key, *given, fmt::format("a time from {} to {}", write_time(least), write_time(time_max)),
             "a number and one of ns, us, ms, s, min, h: \"250ms\", \"1.5s\"");
    return false;
  }
  if (*time < least) {
    wrong_.error(given->at, "out-of-range", fmt::format("{} of {} is {}", quoted(key), what_, write_time(*time)),
                 fmt::format("at least {}", write_time(least)));
    return false;
  }
  to = *time;
  return true;
}

bool table_reader::read(std::string_view key, duration& to, duration least) {
  std::optional<duration> given;
  if (!read(key, given, least))
    return false;
  to = *given;
  return true;
}

bool table_reader::read_bytes(std::string_view key, std::uint64_t& to, std::uint64_t least) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return false;
  std::optional<std::uint64_t> bytes;
  if (given->is == text_value::type::integer && given->integer >= 0)
    bytes = topology::read_bytes(std::to_string(given->integer));
  else if (given->is == text_value::type::text)
    bytes = topology::read_bytes(given->text);
  if (!bytes || *bytes < least) {
    mistyped(key, *given, fmt::format("a number of bytes from {} to {}", least, human_bytes(bytes_max)),
             "a number, or a string with a unit: 4096, \"64KiB\", \"10MB\"");
    return false;
  }
  to = *bytes;
  return true;
}

bool table_reader::read_names(std::string_view key, std::vector<std::string>& to) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return false;
  std::vector<std::string> names;
  bool fine = given->is == text_value::type::list;
  for (const text_value& each : given->items) {
    fine = fine && each.is == text_value::type::text;
    names.push_back(each.text);
  }
  if (!fine) {
    mistyped(key, *given, "a list of names", fmt::format("{} = [\"a\", \"b\"]", key));
    return false;
  }
  to = std::move(names);
  return true;
}

bool table_reader::read_range(std::string_view key, range& to) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return false;
  std::optional<range> read;
  if (given->is == text_value::type::integer && given->integer >= 0)
    read = range{static_cast<std::uint64_t>(given->integer), static_cast<std::uint64_t>(given->integer)};
  else if (given->is == text_value::type::text)
    read = topology::read_range(given->text);
  if (!read) {
    mistyped(key, *given, "a number or a range",
             "5 for exactly that, \"1..\" for at least, \"..9\" for at most, \"1..9\" for both");
    return false;
  }
  to = *read;
  return true;
}

bool table_reader::read(const parameter& asked, parameter_values& to) {
  bool flag = false;
  std::uint64_t count = 0;
  double number = 0;
  duration time{};
  std::string text;
  switch (asked.type) {
  case parameter_type::flag:
    if (!read(asked.name, flag))
      return false;
    to[asked.name] = flag;
    return true;
  case parameter_type::count:
    if (!read(asked.name, count, static_cast<std::uint64_t>(asked.least), static_cast<std::uint64_t>(asked.most)))
      return false;
    to[asked.name] = count;
    return true;
  case parameter_type::number:
    if (!read(asked.name, number, asked.least, asked.most))
      return false;
    to[asked.name] = number;
    return true;
  case parameter_type::time:
    if (!read(asked.name, time, duration{static_cast<duration::rep>(std::min(asked.least, 1e7) * 1e9)}))
      return false;
    to[asked.name] = time;
    break;
  case parameter_type::bytes:
    if (!read_bytes(asked.name, count, static_cast<std::uint64_t>(asked.least)))
      return false;
    to[asked.name] = count;
    break;
  case parameter_type::text:
    if (!read(asked.name, text))
      return false;
    to[asked.name] = text;
    return true;
  case parameter_type::choice: {
    const std::vector<std::string_view> names(asked.choices.begin(), asked.choices.end());
    const std::optional<std::size_t> which = read_choice(asked.name, names);
    if (!which)
      return false;
    to[asked.name] = asked.choices[*which];
    return true;
  }
  }
  if (suits(asked, to[asked.name]))
    return true;
  to.erase(asked.name);
  wrong_.error(of(asked.name), "out-of-range", fmt::format("{} of {} is out of range", quoted(asked.name), what_),
               asked.type == parameter_type::time ? fmt::format("{} to {} seconds", asked.least, asked.most)
                                                  : fmt::format("{} to {} bytes", asked.least, asked.most));
  return false;
}

std::optional<std::size_t> table_reader::read_choice(std::string_view key, std::span<const std::string_view> known) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return std::nullopt;
  if (given->is == text_value::type::text)
    for (std::size_t i = 0; i < known.size(); ++i)
      if (known[i] == given->text)
        return i;
  if (!wrong_.full())
    mistyped(key, *given, "one of a few words",
             nearest(given->is == text_value::type::text ? std::string_view(given->text) : std::string_view(), known));
  return std::nullopt;
}

const text_value* table_reader::read_table(std::string_view key) {
  const text_value* const given = take(key);
  if (given == nullptr)
    return nullptr;
  if (given->is != text_value::type::table) {
    mistyped(key, *given, "a table",
             fmt::format("begin it with a line of its own, as docs/topology.md shows for {}", key));
    return nullptr;
  }
  return given;
}

void table_reader::finish() {
  for (std::size_t i = 0; i < table_.entries.size(); ++i) {
    if (taken_[i] || wrong_.full())
      continue;
    const std::vector<std::string_view> known(known_.begin(), known_.end());
    const text_entry& unknown = table_.entries[i];
    wrong_.error(unknown.at, "unknown-key", fmt::format("{} has no key {}", what_, quoted(unknown.key)),
                 nearest(unknown.key, known));
  }
}

} // namespace troupe::topology
