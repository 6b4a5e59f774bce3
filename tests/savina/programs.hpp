// The programs of the Savina suite by their ids, in three sizes.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace troupe::savina {

enum class scale : std::uint8_t {
  small,  ///< For many runs in the simulator.
  medium, ///< A few milliseconds on threads.
  full,   ///< The suite's own.
};

struct program {
  std::string_view id;   ///< "SV-01"
  std::string_view name; ///< As the suite calls it.
  task<findings> (*run)(scale how_large, setting how);
};

/// All of them, in the order of their ids.
const std::vector<program>& programs();

/// @pre there is one with this id
const program& program_of(std::string_view id);

} // namespace troupe::savina
