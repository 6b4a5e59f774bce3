#include <tests/savina/grids.hpp>

#include <tests/savina/grid_problems.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace troupe::savina {

// ---- SV-25: phase by phase, the blocks of one row and one column tell all others what the shortest ways through one
// node are. A block may be told of later phases before it has ended its own, and keeps that. It never waits for a block
// that is in a later phase, and in the same one only for those which tell nobody that tells: so no cycle of full
// mailboxes can close.

namespace {

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

class path_block {
public:
  path_block(const shortest_paths_size& size, std::size_t index, path_books& books) noexcept
      : phases_(size.nodes), per_side_(blocks_per_side(size)), block_(size, index, books) {}

  task<> run(inbox<block_message> in) {
    while (blocks_ == nullptr)
      co_await hear(in);
    for (std::size_t phase = 0; phase < phases_; ++phase) {
      co_await tell_others(phase);
      while (!rows_.contains(phase) || !columns_.contains(phase))
        co_await hear(in);
      block_.relax(rows_.at(phase), columns_.at(phase));
      rows_.erase(phase);
      columns_.erase(phase);
    }
  }

private:
  task<> hear(inbox<block_message>& in) {
    auto next = co_await in.receive(); // there is one: the others have its address
    co_await next->match([this](segment& told) { (told.is_row ? rows_ : columns_)[told.phase] = std::move(told.part); },
                         [this](meet_blocks& told) { blocks_ = told.all; });
  }
  task<> tell_others(std::size_t phase) {
    if (block_.has_row_of(phase)) {
      const std::vector<distance> part = rows_[phase] = block_.row_of(phase);
      for (std::size_t row = 0; row < per_side_; ++row)
        if (row != block_.row())
          co_await (*blocks_)[row * per_side_ + block_.column()].tell<segment>(phase, true, part);
    }
    if (block_.has_column_of(phase)) {
      const std::vector<distance> part = columns_[phase] = block_.column_of(phase);
      for (std::size_t column = 0; column < per_side_; ++column)
        if (column != block_.column())
          co_await (*blocks_)[block_.row() * per_side_ + column].tell<segment>(phase, false, part);
    }
  }

  const std::size_t phases_, per_side_;
  block_of_ways block_;
  const std::vector<actor_ref<block_message>>* blocks_ = nullptr;
  std::map<std::size_t, std::vector<distance>> rows_, columns_; // by phase, its own among them
};

task<> path_block_actor(inbox<block_message> in, shortest_paths_size size, std::size_t index, path_books& books) {
  const presence here{books.blocks};
  path_block block{size, index, books};
  co_await block.run(std::move(in));
}

} // namespace

task<findings> shortest_paths(shortest_paths_size size, setting how) {
  path_books books{size, how.seed};
  std::vector<actor_ref<block_message>> blocks;
  co_await in_task_group([&](task_group& group) -> task<> {
    for (std::size_t i = 0; i < blocks_per_side(size) * blocks_per_side(size); ++i)
      blocks.push_back(group.start_actor(bounded(how), path_block_actor, size, i, std::ref(books)));
    for (const auto& each : blocks)
      co_await each.tell<meet_blocks>(&blocks);
  });
  co_return judged(books, size);
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

task<> grid_point_actor(inbox<point_message> in, relaxation_size size, std::size_t row, std::size_t column,
                        relaxation_books& books) {
  const presence here{books.points};
  grid_point point{size, row, column, books.grid};
  co_await point.run(std::move(in));
  books.values[row * size.side + column] = point.value();
  books.out_of_turn += point.out_of_turn() ? 1 : 0;
}

} // namespace

task<findings> relaxation(relaxation_size size, setting how) {
  relaxation_books books{size, how.seed};
  std::vector<actor_ref<point_message>> points;
  co_await in_task_group([&](task_group& group) -> task<> {
    for (std::size_t row = 1; row + 1 < size.side; ++row)
      for (std::size_t column = 1; column + 1 < size.side; ++column)
        points.push_back(group.start_actor(bounded(how), grid_point_actor, size, row, column, std::ref(books)));
    for (const auto& each : points)
      co_await each.tell<meet_points>(&points);
  });
  co_return judged(books, size);
}

} // namespace troupe::savina
