// How the values of enumerations are spelled in a topology file.

#pragma once

#include <troupe/topology/description.hpp>
#include <troupe/topology/table_reader.hpp>

namespace troupe::topology {

words<restart_strategy> strategies() noexcept;
words<restart_type> restart_types() noexcept;
words<auto_shutdown> stop_words() noexcept;
words<fan_out> fan_outs() noexcept;
words<edge_use> edge_uses() noexcept;
words<overflow> overflows() noexcept;
words<ending_kind> endings() noexcept;

/// The word for a value.
/// @pre it is among them
template <class Value>
std::string_view word_for(Value value, words<Value> all) noexcept {
  for (const auto& [word, each] : all)
    if (each == value)
      return word;
  return "?";
}

} // namespace troupe::topology
