// Looks at a description as a whole: what can never work, and what it costs at most.

#pragma once

#include <troupe/topology/description.hpp>
#include <troupe/topology/kinds.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::topology {

/// What is known of a topology without running it.
struct facts {
  std::uint64_t memory_bytes = 0; ///< Of all mailboxes when all are full: the sum of capacities times item sizes.
  std::uint64_t restarts_max = 0; ///< Of one actor, before the root gives up: intensities multiply, and budgets limit.
  duration shutdown_max{};        ///< How long the tree may take to stop.
  std::size_t actors = 0;         ///< Nodes with their counts, and supervisors.
};

struct checked {
  std::vector<finding> findings; ///< In the order of the file.
  facts known;
};

/// Checks what `parse` has read, in time about linear to its size.
///
/// A cycle that the file expects (`ends = "would_deadlock"`) is a warning instead of an error.
///
/// @throws std::bad_alloc
/// @thread any
checked check(const description& what, const kinds& known);

} // namespace troupe::topology
