// The parallelism programs of the Savina suite in which equals compute in step, and tell each other what they have.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstddef>

namespace troupe::savina {

/// SV-25: shortest paths between all pairs, an actor for each block of the matrix.
struct shortest_paths_size {
  std::size_t nodes = 300;
  std::size_t block = 50; ///< A divisor of the nodes.
};
task<findings> shortest_paths(shortest_paths_size size, setting how);

/// SV-26: red-black relaxation, an actor for each point.
struct relaxation_size {
  std::size_t side = 400; ///< With its border, which stays as it is.
  std::size_t iterations = 100;
};
task<findings> relaxation(relaxation_size size, setting how);

} // namespace troupe::savina
