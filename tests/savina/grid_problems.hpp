// What the programs of the Savina suite compute in step, and what must come out: whoever's actors do it.

#pragma once

#include <tests/savina/grids.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::savina {

// ---- SV-25 ----------------------------------------------------------------------------------------------------------

using distance = std::int64_t;
inline constexpr distance no_way = 1'000'000'000; // far enough, and the sum of two is no overflow

/// Row by row; of the whole graph.
inline std::vector<distance> drawn_graph(const shortest_paths_size& size, std::uint64_t seed) {
  std::vector<distance> ways(size.nodes * size.nodes, no_way);
  seeded_random random{seed};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const std::uint64_t drawn = random.below(1'000);
    if (i / size.nodes == i % size.nodes)
      ways[i] = 0;
    else if (drawn < 300)
      ways[i] = static_cast<distance>(drawn + 1);
  }
  return ways;
}

inline std::size_t blocks_per_side(const shortest_paths_size& size) { return size.nodes / size.block; }

struct path_books {
  path_books(const shortest_paths_size& size, std::uint64_t seed) : drawn(drawn_graph(size, seed)), ways(drawn) {}

  const std::vector<distance> drawn;
  std::vector<distance> ways; ///< At first as drawn; each block writes its own part.
  attendance blocks;
};

/// What a block knows of the shortest ways, and what it makes of what it is told. Phase by phase these lead through one
/// node more.
class block_of_ways {
public:
  block_of_ways(const shortest_paths_size& size, std::size_t index, path_books& books) noexcept
      : size_(size), row_(index / blocks_per_side(size)), column_(index % blocks_per_side(size)), ways_(books.ways) {}

  std::size_t row() const noexcept { return row_; }
  std::size_t column() const noexcept { return column_; }
  bool has_row_of(std::size_t node) const noexcept { return row_ == node / size_.block; }
  bool has_column_of(std::size_t node) const noexcept { return column_ == node / size_.block; }

  std::vector<distance> row_of(std::size_t node) const {
    std::vector<distance> part(size_.block);
    for (std::size_t j = 0; j < size_.block; ++j)
      part[j] = way(node % size_.block, j);
    return part;
  }
  std::vector<distance> column_of(std::size_t node) const {
    std::vector<distance> part(size_.block);
    for (std::size_t i = 0; i < size_.block; ++i)
      part[i] = way(i, node % size_.block);
    return part;
  }
  /// Both are of one node.
  void relax(const std::vector<distance>& row, const std::vector<distance>& column) {
    for (std::size_t i = 0; i < size_.block; ++i)
      for (std::size_t j = 0; j < size_.block; ++j)
        way(i, j) = std::min(way(i, j), column[i] + row[j]);
  }

private:
  distance& way(std::size_t i, std::size_t j) const {
    return ways_[(row_ * size_.block + i) * size_.nodes + column_ * size_.block + j];
  }

  const shortest_paths_size size_;
  const std::size_t row_, column_;
  std::vector<distance>& ways_; // only its own block of it
};

inline findings judged(const path_books& books, const shortest_paths_size& size) {
  std::vector<distance> wanted = books.drawn;
  for (std::size_t k = 0; k < size.nodes; ++k) // Floyd, Warshall
    for (std::size_t i = 0; i < size.nodes; ++i)
      for (std::size_t j = 0; j < size.nodes; ++j)
        wanted[i * size.nodes + j] =
            std::min(wanted[i * size.nodes + j], wanted[i * size.nodes + k] + wanted[k * size.nodes + j]);
  findings wrong;
  wrong.expect(books.ways == wanted, "the distances are those of a sequential computation");
  wrong.all_left("blocks", books.blocks, blocks_per_side(size) * blocks_per_side(size));
  return wrong;
}

// ---- SV-26 ----------------------------------------------------------------------------------------------------------

inline double relaxed(double old, const std::array<double, 4>& around) {
  constexpr double omega = 1.25;
  return omega * 0.25 * (around[0] + around[1] + around[2] + around[3]) + (1 - omega) * old;
}

inline std::vector<double> drawn_grid(const relaxation_size& size, std::uint64_t seed) {
  std::vector<double> grid(size.side * size.side);
  seeded_random random{seed};
  for (double& each : grid)
    each = static_cast<double>(random.below(1'000'000)) * 1e-12;
  return grid;
}

struct relaxation_books {
  relaxation_books(const relaxation_size& size, std::uint64_t seed) : grid(drawn_grid(size, seed)), values(grid) {}

  const std::vector<double> grid; ///< As drawn.
  std::vector<double> values;     ///< Of each point, once it has ended.
  std::atomic<std::size_t> out_of_turn{0};
  attendance points;
};

inline void relax_sequentially(std::vector<double>& grid, const relaxation_size& size) {
  for (std::size_t turn = 0; turn < 2 * size.iterations; ++turn)
    for (std::size_t row = 1; row + 1 < size.side; ++row)
      for (std::size_t column = 1; column + 1 < size.side; ++column)
        if ((row + column) % 2 == turn % 2) {
          double* const at = &grid[row * size.side + column];
          *at = relaxed(*at, {*(at - size.side), *(at - 1), *(at + 1), *(at + size.side)});
        }
}

inline findings judged(const relaxation_books& books, const relaxation_size& size) {
  std::vector<double> wanted = books.grid;
  relax_sequentially(wanted, size);
  findings wrong;
  wrong.expect(books.values == wanted, "each point is that of a sequential computation, to the last bit");
  wrong.equal("points that heard a value of another turn", books.out_of_turn.load(), 0);
  wrong.all_left("points", books.points, (size.side - 2) * (size.side - 2));
  return wrong;
}

} // namespace troupe::savina
