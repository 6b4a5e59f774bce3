#include <tests/savina/grids.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <map>

namespace troupe::savina {

// ---- SV-25: phase by phase, the blocks of one row and one column tell all others what the shortest ways through one
// node are. A block may be told of later phases before it has ended its own, and keeps that. It never waits for a block
// that is in a later phase, and in the same one only for those which tell nobody that tells: so no cycle of full
// mailboxes can close.

namespace {

using distance = std::int64_t;
constexpr distance no_way = 1'000'000'000; // far enough, and the sum of two is no overflow

struct segment {
  std::size_t phase;
  bool is_row; // of the node of this phase; otherwise its column
  std::vector<distance> part;
};
struct meet_blocks;
using block_message = message<segment, meet_blocks>;
struct meet_blocks {
  const std::vector<actor_ref<block_message>>* all; // row by row
};

/// Row by row; of the whole graph.
std::vector<distance> drawn_graph(const shortest_paths_size& size, const setting& how) {
  std::vector<distance> ways(size.nodes * size.nodes, no_way);
  seeded_random random{how.seed};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const std::uint64_t drawn = random.below(1'000);
    if (i / size.nodes == i % size.nodes)
      ways[i] = 0;
    else if (drawn < 300)
      ways[i] = static_cast<distance>(drawn + 1);
  }
  return ways;
}

class path_block {
public:
  path_block(shortest_paths_size size, std::size_t index, std::vector<distance>& ways) noexcept
      : size_(size), row_(index / per_side()), column_(index % per_side()), ways_(ways) {}

  task<> run(inbox<block_message> in) {
    while (blocks_ == nullptr)
      co_await hear(in);
    for (std::size_t phase = 0; phase < size_.nodes; ++phase) {
      co_await tell_others(phase);
      while (!rows_.contains(phase) || !columns_.contains(phase))
        co_await hear(in);
      relax(rows_.at(phase), columns_.at(phase));
      rows_.erase(phase);
      columns_.erase(phase);
    }
  }

private:
  std::size_t per_side() const noexcept { return size_.nodes / size_.block; }
  distance& way(std::size_t i, std::size_t j) {
    return ways_[(row_ * size_.block + i) * size_.nodes + column_ * size_.block + j];
  }

  task<> hear(inbox<block_message>& in) {
    auto next = co_await in.receive(); // there is one: the others have its address
    co_await next->match([this](segment& told) { (told.is_row ? rows_ : columns_)[told.phase] = std::move(told.part); },
                         [this](meet_blocks& told) { blocks_ = told.all; });
  }
  task<> tell_others(std::size_t phase) {
    const std::size_t owner = phase / size_.block;
    std::vector<distance> part(size_.block);
    if (row_ == owner) {
      for (std::size_t j = 0; j < size_.block; ++j)
        part[j] = way(phase % size_.block, j);
      rows_[phase] = part;
      for (std::size_t row = 0; row < per_side(); ++row)
        if (row != row_)
          co_await (*blocks_)[row * per_side() + column_].tell<segment>(phase, true, part);
    }
    if (column_ == owner) {
      for (std::size_t i = 0; i < size_.block; ++i)
        part[i] = way(i, phase % size_.block);
      columns_[phase] = part;
      for (std::size_t column = 0; column < per_side(); ++column)
        if (column != column_)
          co_await (*blocks_)[row_ * per_side() + column].tell<segment>(phase, false, part);
    }
  }
  void relax(const std::vector<distance>& row, const std::vector<distance>& column) {
    for (std::size_t i = 0; i < size_.block; ++i)
      for (std::size_t j = 0; j < size_.block; ++j)
        way(i, j) = std::min(way(i, j), column[i] + row[j]);
  }

  const shortest_paths_size size_;
  const std::size_t row_, column_;
  std::vector<distance>& ways_; // only its own block of it
  const std::vector<actor_ref<block_message>>* blocks_ = nullptr;
  std::map<std::size_t, std::vector<distance>> rows_, columns_; // by phase, its own among them
};

task<> path_block_actor(inbox<block_message> in, shortest_paths_size size, std::size_t index,
                        std::vector<distance>& ways, attendance& blocks) {
  const presence here{blocks};
  path_block block{size, index, ways};
  co_await block.run(std::move(in));
}

} // namespace

task<findings> shortest_paths(shortest_paths_size size, setting how) {
  std::vector<distance> wanted = drawn_graph(size, how);
  std::vector<distance> ways = wanted;
  const std::size_t per_side = size.nodes / size.block;
  attendance actors;
  std::vector<actor_ref<block_message>> blocks;
  co_await in_task_group([&](task_group& group) -> task<> {
    for (std::size_t i = 0; i < per_side * per_side; ++i)
      blocks.push_back(group.start_actor(bounded(how), path_block_actor, size, i, std::ref(ways), std::ref(actors)));
    for (const auto& each : blocks)
      co_await each.tell<meet_blocks>(&blocks);
  });
  for (std::size_t k = 0; k < size.nodes; ++k) // Floyd, Warshall
    for (std::size_t i = 0; i < size.nodes; ++i)
      for (std::size_t j = 0; j < size.nodes; ++j)
        wanted[i * size.nodes + j] =
            std::min(wanted[i * size.nodes + j], wanted[i * size.nodes + k] + wanted[k * size.nodes + j]);
  findings wrong;
  wrong.expect(ways == wanted, "the distances are those of a sequential computation");
  wrong.all_left("blocks", actors, per_side * per_side);
  co_return wrong;
}

// ---- SV-26: red points and black ones take turns. A point tells its neighbours of a turn once it has heard all of
// theirs of the turn before, so nobody is ahead by more than one, and who tells waits only for somebody who listens or
// is a turn behind: no cycle of full mailboxes can close.

namespace {

struct neighbour_value {
  std::size_t side; // of the hearer: up, left, right, down
  std::size_t turn;
  double value;
};
struct meet_points;
using point_message = message<neighbour_value, meet_points>;
struct meet_points {
  const std::vector<actor_ref<point_message>>* all; // without the border, row by row
};

constexpr double omega = 1.25;

double relaxed(double old, const std::array<double, 4>& around) {
  return omega * 0.25 * (around[0] + around[1] + around[2] + around[3]) + (1 - omega) * old;
}

std::vector<double> drawn_grid(const relaxation_size& size, const setting& how) {
  std::vector<double> grid(size.side * size.side);
  seeded_random random{how.seed};
  for (double& each : grid)
    each = static_cast<double>(random.below(1'000'000)) * 1e-12;
  return grid;
}

class grid_point {
public:
  grid_point(relaxation_size size, std::size_t row, std::size_t column, const std::vector<double>& grid) noexcept
      : size_(size), row_(row), column_(column),
        value_(grid[row * size.side + column]), around_{grid[(row - 1) * size.side + column],
                                                        grid[row * size.side + column - 1],
                                                        grid[row * size.side + column + 1],
                                                        grid[(row + 1) * size.side + column]} {}

  task<> run(inbox<point_message> in) {
    while (points_ == nullptr)
      co_await hear(in);
    const bool is_red = (row_ + column_) % 2 == 0;
    if (!is_red)
      co_await tell_neighbours(0);
    for (std::size_t turn = 0; turn < size_.iterations; ++turn) {
      turn_ = turn;
      while (heard_ < neighbours())
        co_await hear(in);
      heard_ = 0;
      value_ = relaxed(value_, around_);
      const std::size_t told = is_red ? turn : turn + 1;
      if (told < size_.iterations)
        co_await tell_neighbours(told);
    }
  }

  double value() const noexcept { return value_; }
  bool out_of_turn() const noexcept { return out_of_turn_; }

private:
  bool on_border(std::size_t row, std::size_t column) const noexcept {
    return row == 0 || column == 0 || row == size_.side - 1 || column == size_.side - 1;
  }
  std::array<std::array<std::size_t, 2>, 4> places() const noexcept {
    return {{{row_ - 1, column_}, {row_, column_ - 1}, {row_, column_ + 1}, {row_ + 1, column_}}};
  }
  std::size_t neighbours() const noexcept {
    std::size_t count = 0;
    for (const auto& [row, column] : places())
      count += on_border(row, column) ? 0 : 1;
    return count;
  }
  task<> hear(inbox<point_message>& in) {
    auto next = co_await in.receive(); // there is one: the others have its address
    co_await next->match(
        [this](neighbour_value& told) {
          around_[told.side] = told.value;
          ++heard_;
          out_of_turn_ = out_of_turn_ || told.turn != turn_;
        },
        [this](meet_points& told) { points_ = told.all; });
  }
  task<> tell_neighbours(std::size_t turn) {
    std::size_t side = 0;
    for (const auto& place : places()) {
      const std::size_t at = (place[0] - 1) * (size_.side - 2) + place[1] - 1;
      if (!on_border(place[0], place[1]))
        co_await (*points_)[at].tell<neighbour_value>(3 - side, turn, value_);
      ++side;
    }
  }

  const relaxation_size size_;
  const std::size_t row_, column_;
  double value_;
  std::array<double, 4> around_; // as last heard, or the border
  std::size_t heard_ = 0, turn_ = 0;
  bool out_of_turn_ = false;
  const std::vector<actor_ref<point_message>>* points_ = nullptr;
};

struct relaxation_books {
  std::vector<double> grid; // at first as drawn; not written before all have ended
  std::vector<double> values;
  std::atomic<std::size_t> out_of_turn{0};
  attendance points;
};

task<> grid_point_actor(inbox<point_message> in, relaxation_size size, std::size_t row, std::size_t column,
                        relaxation_books& books) {
  const presence here{books.points};
  grid_point point{size, row, column, books.grid};
  co_await point.run(std::move(in));
  books.values[row * size.side + column] = point.value();
  books.out_of_turn += point.out_of_turn() ? 1 : 0;
}

void relax_sequentially(std::vector<double>& grid, const relaxation_size& size) {
  for (std::size_t turn = 0; turn < 2 * size.iterations; ++turn)
    for (std::size_t row = 1; row + 1 < size.side; ++row)
      for (std::size_t column = 1; column + 1 < size.side; ++column)
        if ((row + column) % 2 == turn % 2) {
          double* const at = &grid[row * size.side + column];
          *at = relaxed(*at, {*(at - size.side), *(at - 1), *(at + 1), *(at + size.side)});
        }
}

} // namespace

task<findings> relaxation(relaxation_size size, setting how) {
  relaxation_books books;
  books.grid = books.values = drawn_grid(size, how);
  std::vector<actor_ref<point_message>> points;
  co_await in_task_group([&](task_group& group) -> task<> {
    for (std::size_t row = 1; row + 1 < size.side; ++row)
      for (std::size_t column = 1; column + 1 < size.side; ++column)
        points.push_back(group.start_actor(bounded(how), grid_point_actor, size, row, column, std::ref(books)));
    for (const auto& each : points)
      co_await each.tell<meet_points>(&points);
  });
  relax_sequentially(books.grid, size);
  findings wrong;
  wrong.expect(books.values == books.grid, "each point is that of a sequential computation, to the last bit");
  wrong.equal("points that heard a value of another turn", books.out_of_turn.load(), 0);
  wrong.all_left("points", books.points, (size.side - 2) * (size.side - 2));
  co_return wrong;
}

} // namespace troupe::savina
