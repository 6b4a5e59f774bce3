// What the workers of the Savina suite search, and what must be found: whoever's actors they are.

#pragma once

#include <tests/savina/cube.hpp>
#include <tests/savina/worker_problem.hpp>
#include <tests/savina/workers.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace troupe::savina {

// ---- SV-27 ----------------------------------------------------------------------------------------------------------

/// Where the search could go on, and where it came from.
struct frontier {
  std::size_t to_go; // at least
  std::size_t node, parent;

  bool operator<(const frontier& other) const { return to_go > other.to_go; }
};
struct no_result {};

class way_search {
public:
  using item = frontier;
  using result = no_result;

  way_search(const search_size& size, std::uint64_t seed)
      : size_(size), through_(size.side, size.walls_percent, seed), parents_(through_.nodes(), unseen) {
    parents_[0] = 0;
  }

  std::vector<item> first() const { return {{through_.to_go(0), 0, 0}}; }
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
  findings judged() const {
    findings wrong;
    if (reachable())
      wrong.expect(leads_back(), "the way leads from the goal back to the beginning");
    else
      wrong.expect(!found(), "nothing is found where there is no way");
    return wrong;
  }

private:
  static constexpr std::size_t unseen = std::numeric_limits<std::size_t>::max();

  bool found() const { return parents_[through_.goal()] != unseen; }
  bool reachable() const {
    const std::size_t side = size_.side;
    std::vector<char> seen(through_.nodes());
    std::vector<std::size_t> queue{0};
    seen[0] = 1;
    for (std::size_t i = 0; i < queue.size(); ++i)
      for (const std::size_t step : {std::size_t{1}, side, side * side})
        for (const std::size_t node : {queue[i] + step, queue[i] - step}) // below 0 is far beyond the end
          if (node < through_.nodes() && through_.adjacent(queue[i], node) && through_.free(node) && seen[node] == 0) {
            seen[node] = 1;
            queue.push_back(node);
          }
    return seen[through_.goal()] != 0;
  }
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

  const search_size size_;
  const cube through_;
  std::vector<std::size_t> parents_;
};

// ---- SV-28 ----------------------------------------------------------------------------------------------------------

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

inline constexpr std::array<std::size_t, 17> known_solutions{1,   1,   0,    0,     2,     10,     4,       40,      92,
                                                             352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};

class queens_search {
public:
  using item = placement;
  using result = std::size_t;

  explicit queens_search(const queens_size& size) : size_(size) {}

  std::vector<item> first() const { return {placement{}}; }
  worked<item, result> work(const item& from) const {
    if (from.placed < size_.placed_alone)
      return {std::nullopt, from.next(size_.side)};
    return {from.solutions(size_.side), {}};
  }
  bool take(const worked<item, result>& done) {
    found_ += done.result.value_or(0);
    return found_ < size_.limit;
  }
  findings judged() const {
    const std::size_t known = known_solutions[size_.side];
    findings wrong;
    if (size_.limit > known)
      wrong.equal("solutions", found_, known);
    else
      wrong.expect(found_ >= size_.limit && found_ <= known, "as many solutions as wanted, and no more than there are");
    return wrong;
  }

private:
  const queens_size size_;
  std::size_t found_ = 0;
};

} // namespace troupe::savina
