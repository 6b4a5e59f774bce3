// The parallelism programs of the Savina suite in which one master has many workers.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstddef>

namespace troupe::savina {

/// SV-21: an integral in pieces.
struct trapezoid_size {
  std::size_t pieces = 10'000'000;
  std::size_t workers = 100;
};
task<findings> trapezoid(trapezoid_size size, setting how);

/// SV-22: the digits of pi, term by term, until a term is nothing any more.
struct pi_size {
  std::size_t digits = 5'000;
  std::size_t workers = 20;
};
task<findings> pi_digits(pi_size size, setting how);

/// SV-23: a product of two matrices, divided into eight again and again.
struct matrices_size {
  std::size_t side = 1'024; ///< A power of two.
  std::size_t block = 128;  ///< Is not divided any more.
  std::size_t workers = 20;
};
task<findings> matrix_product(matrices_size size, setting how);

/// SV-27: a way through a cube with walls.
struct search_size {
  std::size_t side = 30;
  std::size_t workers = 20;
  unsigned walls_percent = 25;
};
task<findings> search(search_size size, setting how);

/// SV-28: placements of queens, or as many of them as wanted.
struct queens_size {
  std::size_t side = 12; ///< At most 16.
  std::size_t limit = 1'500'000;
  std::size_t workers = 20;
  std::size_t placed_alone = 4; ///< With so many queens placed, a worker finds the rest by itself.
};
task<findings> queens(queens_size size, setting how);

} // namespace troupe::savina
