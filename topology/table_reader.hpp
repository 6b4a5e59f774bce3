// Takes the keys of one table of a file, and says what of them is not as it should be.

#pragma once

#include <troupe/topology/description.hpp>
#include <troupe/topology/parameter.hpp>
#include <troupe/topology/text_tree.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::topology {

/// A word of a file, and what it stands for.
template <class Value>
using words = std::span<const std::pair<std::string_view, Value>>;

/// Reads keys one by one; what was not asked for by the end is unknown. A value that is wrong leaves its target as it is.
class table_reader {
public:
  /// @param what  the table in findings: "node \"fetch\""
  table_reader(const text_value& table, position at, std::string what, finding_list& wrong);
  table_reader(const table_reader&) = delete;
  table_reader& operator=(const table_reader&) = delete;

  /// The value of a key, which is then known; null: there is none.
  const text_value* take(std::string_view key);

  bool read(std::string_view key, bool& to);
  bool read(std::string_view key, std::string& to);
  bool read(std::string_view key, std::uint64_t& to, std::uint64_t least = 0,
            std::uint64_t most = std::numeric_limits<std::int64_t>::max());
  bool read(std::string_view key, double& to, double least, double most);
  bool read(std::string_view key, duration& to, duration least = duration::zero());
  bool read(std::string_view key, std::optional<duration>& to, duration least = duration::zero());
  bool read_bytes(std::string_view key, std::uint64_t& to, std::uint64_t least = 0);
  bool read_names(std::string_view key, std::vector<std::string>& to);
  bool read_range(std::string_view key, range& to);
  bool read(const parameter& asked, parameter_values& to);
  /// One of several words.
  template <class Value>
  bool read_word(std::string_view key, Value& to, words<Value> known) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : known)
      names.push_back(name);
    const std::optional<std::size_t> which = read_choice(key, names);
    if (!which)
      return false;
    to = known[*which].second;
    return true;
  }
  std::optional<std::size_t> read_choice(std::string_view key, std::span<const std::string_view> known);
  /// A table in it, with what must be there; null: there is none, or it is something else.
  const text_value* read_table(std::string_view key);

  /// Where a key stands, or else the table.
  position of(std::string_view key) const noexcept { return keys_.of(key, at_); }
  position at() const noexcept { return at_; }
  key_positions keys() const { return keys_; }
  bool has(std::string_view key) const noexcept { return keys_.has(key); }
  const std::string& what() const noexcept { return what_; }
  finding_list& wrong() const noexcept { return wrong_; }

  /// What is left is unknown. Called once, last.
  void finish();

private:
  void mistyped(std::string_view key, const text_value& given, const std::string& wanted, std::string remedy);

  const text_value& table_;
  const position at_;
  const std::string what_;
  finding_list& wrong_;
  key_positions keys_;
  std::vector<bool> taken_;
  std::vector<std::string> known_;
};

} // namespace troupe::topology
