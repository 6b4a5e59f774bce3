// The parallelism programs of the Savina suite in which actors make actors, as a tree.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstddef>
#include <cstdint>

namespace troupe::savina {

/// SV-19: a tree whose shape is drawn, with an arbiter of how many nodes there may be.
struct cobwebbed_tree_size {
  std::size_t nodes_max = 200'000;
  std::size_t children = 10; ///< Of the root, of each of its children, and of others by chance.
  std::uint64_t chance_in_1000 = 120;
};
task<findings> cobwebbed_tree(cobwebbed_tree_size size, setting how);

/// SV-20: points come to a quadtree, which opens a facility, and splits, where they have far to go.
struct facility_location_size {
  std::size_t points = 100'000;
  double cost_max = 20; ///< Of the ways to facilities in one quadrant, whose side is 1 for the root.
  std::size_t depth_max = 8;
};
task<findings> facility_location(facility_location_size size, setting how);

/// SV-24: an actor for each part of what is to be sorted.
struct quicksort_size {
  std::size_t values = 1'000'000;
  std::size_t leaf = 2'048; ///< So many are sorted by one actor.
};
task<findings> quicksort(quicksort_size size, setting how);

/// SV-29: an actor for each call.
struct fibonacci_size {
  unsigned n = 25;
};
task<findings> fibonacci(fibonacci_size size, setting how);

} // namespace troupe::savina
