// SV-21 to SV-23 on CAF's own actors: one master has many workers, who compute.

#include "caf_programs.hpp"
#include "caf_work_pool.hpp"

#include <tests/savina/computing_problems.hpp>

#include <cstdint>
#include <string>

namespace troupe::savina::on_caf {

std::string trapezoid(caf::actor_system& in, std::uint64_t) {
  const trapezoid_size size;
  return solve(in, integral{size}, size.workers).text();
}

std::string piprecision(caf::actor_system& in, std::uint64_t) {
  const pi_size size;
  return solve(in, series{size}, size.workers).text();
}

std::string recmatmul(caf::actor_system& in, std::uint64_t) {
  const matrices_size size;
  return solve(in, multiplication{size}, size.workers).text();
}

} // namespace troupe::savina::on_caf
