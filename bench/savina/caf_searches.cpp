// SV-27 and SV-28 on CAF's own actors: one master has many workers, who search.

#include "caf_programs.hpp"
#include "caf_work_pool.hpp"

#include <tests/savina/search_problems.hpp>

#include <cstdint>
#include <string>

namespace troupe::savina::on_caf {

std::string astar(caf::actor_system& in, std::uint64_t seed) {
  const search_size size;
  return solve(in, way_search{size, seed}, size.workers).text();
}

std::string nqueenk(caf::actor_system& in, std::uint64_t) {
  const queens_size size;
  return solve(in, queens_search{size}, size.workers).text();
}

} // namespace troupe::savina::on_caf
