// What a kind of node can be told in a file, and what it was told.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::topology {

/// What a parameter is, and how it is written in a file.
enum class parameter_type : std::uint8_t {
  flag,   ///< true, false
  count,  ///< 8
  number, ///< 0.25
  time,   ///< "250ms", "5s"
  bytes,  ///< 4096, "64KiB"
  text,   ///< "anything"
  choice, ///< One of several words.
};

std::string_view to_string(parameter_type type) noexcept;

/// A flag is a bool; a count, and bytes, a number of 64 bits; and so on.
using parameter_value = std::variant<bool, std::uint64_t, double, duration, std::string>;
using parameter_values = std::map<std::string, parameter_value, std::less<>>;

/// One parameter of a kind.
struct parameter {
  std::string name;
  parameter_type type = parameter_type::count;
  parameter_value fallback{}; ///< Where the file says nothing. Of its type.
  std::string what{};         ///< One sentence.
  double least = 0;           ///< Of numbers: of times in seconds.
  double most = 1e15;
  std::vector<std::string> choices{};
};

/// True when a value has the type, and is in the range.
bool suits(const parameter& asked, const parameter_value& given) noexcept;

} // namespace troupe::topology
