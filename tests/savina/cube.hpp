// A cube of nodes, some of which are walls.

#pragma once

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::savina {

/// Nodes are numbered plane by plane and row by row. The first and the last one are no walls.
class cube {
public:
  cube(std::size_t side, std::uint64_t walls_percent, std::uint64_t seed) : side_(side), wall_(side_ * side_ * side_) {
    seeded_random random{seed};
    for (std::size_t i = 1; i + 1 < wall_.size(); ++i)
      wall_[i] = random.below(100) < walls_percent ? 1 : 0;
  }

  std::size_t nodes() const noexcept { return wall_.size(); }
  std::size_t goal() const noexcept { return wall_.size() - 1; }
  bool free(std::size_t node) const noexcept { return wall_[node] == 0; }
  std::array<std::size_t, 3> place(std::size_t node) const noexcept {
    return {node % side_, node / side_ % side_, node / (side_ * side_)};
  }
  std::size_t to_go(std::size_t node) const noexcept {
    const auto at = place(node);
    return 3 * (side_ - 1) - at[0] - at[1] - at[2];
  }
  std::vector<std::size_t> free_neighbours(std::size_t node) const {
    std::vector<std::size_t> found;
    std::size_t step = 1;
    for (const std::size_t at : place(node)) {
      if (at > 0 && free(node - step))
        found.push_back(node - step);
      if (at + 1 < side_ && free(node + step))
        found.push_back(node + step);
      step *= side_;
    }
    return found;
  }
  bool adjacent(std::size_t one, std::size_t other) const noexcept {
    const auto a = place(one), b = place(other);
    std::size_t steps = 0;
    for (std::size_t i = 0; i < 3; ++i)
      steps += std::max(a[i], b[i]) - std::min(a[i], b[i]);
    return steps == 1;
  }

private:
  std::size_t side_;
  std::vector<char> wall_;
};

} // namespace troupe::savina
