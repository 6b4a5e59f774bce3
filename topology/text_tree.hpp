// A TOML text as a tree of values with their places, in the order of the file.

#pragma once

#include <troupe/topology/finding_list.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::topology {

struct text_entry;

/// One value of a TOML text.
struct text_value {
  enum class type : std::uint8_t { flag, integer, real, text, list, table, other };

  type is = type::other;
  position at{};
  bool flag = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text{};
  std::vector<text_value> items{};
  std::vector<text_entry> entries; ///< Of a table, in the order of the file.
};

/// A key of a table, and its value.
struct text_entry {
  std::string key;
  position at{};
  text_value value;
};

/// What it is, as people say: "a string".
std::string_view name_of(text_value::type is) noexcept;

/// Reads a text, which is a table. Of what is no TOML the first mistake is found; then there is no tree.
std::optional<text_value> read_tree(std::string_view text, finding_list& wrong);

} // namespace troupe::topology
