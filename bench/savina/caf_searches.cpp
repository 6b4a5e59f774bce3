// SV-27 and SV-28 on CAF's own actors: one master has many workers, who search.

#include "caf_programs.hpp"
#include "caf_work_pool.hpp"

#include <tests/savina/cube.hpp>
#include <tests/savina/workers.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-27 ----------------------------------------------------------------------------------------------------------

namespace {

/// Where the search could go on, and where it came from.
struct frontier {
  std::size_t to_go; // at least
  std::size_t node, parent;

  bool operator<(const frontier& other) const { return to_go > other.to_go; }
};
struct no_result {};

constexpr std::size_t unseen = std::numeric_limits<std::size_t>::max();

class way_search {
public:
  using item = frontier;
  using result = no_result;

  explicit way_search(const cube& through) : through_(through), parents_(through.nodes(), unseen) { parents_[0] = 0; }

  worked<item, result> work(const item& at) const {
    worked<item, result> made;
    for (const std::size_t each : through_.free_neighbours(at.node))
      made.more.push_back({through_.to_go(each), each, at.node});
    return made;
  }
  bool take(worked<item, result>& done) {
    std::erase_if(done.more, [this](const frontier& each) {
      return parents_[each.node] != unseen || (parents_[each.node] = each.parent, false);
    });
    return !found(); // once is enough
  }

  bool found() const { return parents_[through_.goal()] != unseen; }
  /// From the goal back to the beginning, in steps that there are.
  bool leads_back() const {
    std::size_t at = through_.goal();
    for (std::size_t steps = 0; at != 0; ++steps) {
      const std::size_t before = parents_[at];
      if (steps == through_.nodes() || before == unseen || !through_.free(at) || !through_.adjacent(at, before))
        return false;
      at = before;
    }
    return true;
  }

private:
  const cube& through_;
  std::vector<std::size_t> parents_;
};

bool reachable(const cube& in, std::size_t side) {
  std::vector<char> seen(in.nodes());
  std::vector<std::size_t> queue{0};
  seen[0] = 1;
  for (std::size_t i = 0; i < queue.size(); ++i)
    for (const std::size_t step : {std::size_t{1}, side, side * side})
      for (const std::size_t node : {queue[i] + step, queue[i] - step}) // below 0 is far beyond the end
        if (node < in.nodes() && in.adjacent(queue[i], node) && in.free(node) && seen[node] == 0) {
          seen[node] = 1;
          queue.push_back(node);
        }
  return seen[in.goal()] != 0;
}

} // namespace

std::string astar(caf::actor_system& in, std::uint64_t seed) {
  const search_size size;
  const cube through{size.side, size.walls_percent, seed};
  attendance workers;
  way_search search{through};
  run_work_pool(in, search, {{through.to_go(0), 0, 0}}, size.workers, workers);
  findings wrong;
  if (reachable(through, size.side))
    wrong.expect(search.leads_back(), "the way leads from the goal back to the beginning");
  else
    wrong.expect(!search.found(), "nothing is found where there is no way");
  wrong.all_left("workers", workers, size.workers);
  return wrong.text();
}

// ---- SV-28 ----------------------------------------------------------------------------------------------------------

namespace {

/// Queens in the first rows, by what they attack in the next one.
struct placement {
  std::size_t placed = 0;
  std::uint32_t columns = 0, left = 0, right = 0;

  bool operator<(const placement& other) const { return placed < other.placed; }

  std::vector<placement> next(std::size_t side) const {
    std::vector<placement> all;
    const std::uint32_t attacked = columns | left | right;
    for (std::uint32_t bit = 1; bit < 1U << side; bit <<= 1U)
      if ((attacked & bit) == 0)
        all.push_back({placed + 1, columns | bit, (left | bit) << 1U, (right | bit) >> 1U});
    return all;
  }
  std::size_t solutions(std::size_t side) const {
    if (placed == side)
      return 1;
    std::size_t found = 0;
    for (const placement& each : next(side))
      found += each.solutions(side);
    return found;
  }
};

struct queens_search {
  using item = placement;
  using result = std::size_t;

  worked<item, result> work(const item& from) const {
    if (from.placed < size.placed_alone)
      return {std::nullopt, from.next(size.side)};
    return {from.solutions(size.side), {}};
  }
  bool take(const worked<item, result>& done) {
    found += done.result.value_or(0);
    return found < size.limit;
  }

  queens_size size;
  std::size_t found = 0;
};

constexpr std::array<std::size_t, 17> known_solutions{1,   1,   0,    0,     2,     10,     4,       40,      92,
                                                      352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};

} // namespace

std::string nqueenk(caf::actor_system& in, std::uint64_t) {
  const queens_size size;
  attendance workers;
  queens_search search{size};
  run_work_pool(in, search, {placement{}}, size.workers, workers);
  const std::size_t known = known_solutions[size.side];
  findings wrong;
  if (size.limit > known)
    wrong.equal("solutions", search.found, known);
  else
    wrong.expect(search.found >= size.limit && search.found <= known,
                 "as many solutions as wanted, and no more than there are");
  wrong.all_left("workers", workers, size.workers);
  return wrong.text();
}

} // namespace troupe::savina::on_caf
