#include <troupe/topology/text_tree.hpp>

#define TOML_MAX_NESTED_VALUES 32 // what is nested deeper is no topology
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

namespace troupe::topology {

namespace {

position place(const toml::source_region& region) noexcept { return {region.begin.line, region.begin.column}; }

/// No deeper than toml++ lets a text be nested.
text_value converted(const toml::node& from) {
  using type = text_value::type;
  text_value made;
  made.at = place(from.source());
  if (const auto* flag = from.as_boolean()) {
    made.is = type::flag;
    made.flag = flag->get();
  } else if (const auto* integer = from.as_integer()) {
    made.is = type::integer;
    made.integer = integer->get();
  } else if (const auto* real = from.as_floating_point()) {
    made.is = type::real;
    made.real = real->get();
  } else if (const auto* text = from.as_string()) {
    made.is = type::text;
    made.text = text->get();
  } else if (const auto* list = from.as_array()) {
    made.is = type::list;
    for (const toml::node& each : *list)
      made.items.push_back(converted(each));
  } else if (const auto* table = from.as_table()) {
    made.is = type::table;
    for (const auto& [key, value] : *table)
      made.entries.push_back({std::string(key.str()), place(key.source()), converted(value)});
    std::sort(made.entries.begin(), made.entries.end(),
              [](const text_entry& a, const text_entry& b) { return a.at < b.at; });
  }
  return made;
}

} // namespace

std::string_view name_of(text_value::type is) noexcept {
  switch (is) {
  case text_value::type::flag:
    return "true or false";
  case text_value::type::integer:
    return "a whole number";
  case text_value::type::real:
    return "a number";
  case text_value::type::text:
    return "a string";
  case text_value::type::list:
    return "a list";
  case text_value::type::table:
    return "a table";
  case text_value::type::other:
    break;
  }
  return "a date or a time of day";
}

std::optional<text_value> read_tree(std::string_view text, finding_list& wrong) {
  const toml::parse_result read = toml::parse(text);
  if (read.failed()) {
    const toml::parse_error& error = read.error();
    wrong.error(place(error.source()), "syntax", "this is no TOML: " + std::string(error.description()),
                "see toml.io for the syntax, and docs/topology.md for what a topology says in it");
    return std::nullopt;
  }
  return converted(read.table());
}

} // namespace troupe::topology
