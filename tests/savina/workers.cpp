#include <tests/savina/workers.hpp>

#include <tests/savina/computing_problems.hpp>
#include <tests/savina/search_problems.hpp>
#include <tests/savina/work_pool.hpp>

namespace troupe::savina {

task<findings> trapezoid(trapezoid_size size, setting how) { return solve(integral{size}, size.workers, how); }

task<findings> pi_digits(pi_size size, setting how) { return solve(series{size}, size.workers, how); }

task<findings> matrix_product(matrices_size size, setting how) {
  return solve(multiplication{size}, size.workers, how);
}

task<findings> search(search_size size, setting how) { return solve(way_search{size, how.seed}, size.workers, how); }

task<findings> queens(queens_size size, setting how) { return solve(queens_search{size}, size.workers, how); }

} // namespace troupe::savina
