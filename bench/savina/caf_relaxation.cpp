// SV-26 on CAF's own actors: points of a grid compute in step, and tell each other what they have.

#include "caf_programs.hpp"

#include <tests/savina/grids.hpp>

#include <troupe/simulation/random.hpp>

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

namespace {

/// Up, left, right, down. None on the border.
using point_neighbours = std::array<caf::actor, 4>;
struct neighbour_value {
  std::size_t side; // of the hearer
  std::size_t turn;
  double value;
};

} // namespace

} // namespace troupe::savina::on_caf

// Neither leaves the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::savina::on_caf::point_neighbours)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::savina::on_caf::neighbour_value)

namespace troupe::savina::on_caf {

// Red points and black ones take turns. A point tells its neighbours of a turn once it has heard all of theirs of the
// turn before, so nobody is ahead by more than one.

namespace {

constexpr double omega = 1.25;

double relaxed(double old, const std::array<double, 4>& around) {
  return omega * 0.25 * (around[0] + around[1] + around[2] + around[3]) + (1 - omega) * old;
}

std::vector<double> drawn_grid(const relaxation_size& size, std::uint64_t seed) {
  std::vector<double> grid(size.side * size.side);
  seeded_random random{seed};
  for (double& each : grid)
    each = static_cast<double>(random.below(1'000'000)) * 1e-12;
  return grid;
}

struct relaxation_books {
  std::vector<double> grid; // at first as drawn; not written before all have ended
  std::vector<double> values;
  std::atomic<std::size_t> out_of_turn{0};
  attendance points;
};

class grid_point : public caf::event_based_actor {
public:
  grid_point(caf::actor_config& config, const relaxation_size& size, std::size_t row, std::size_t column,
             relaxation_books& books)
      : event_based_actor(config), iterations_(size.iterations), place_(row * size.side + column),
        is_red_((row + column) % 2 == 0), books_(books),
        value_(books.grid[place_]), around_{books.grid[place_ - size.side], books.grid[place_ - 1],
                                            books.grid[place_ + 1], books.grid[place_ + size.side]} {
    ++books_.points.begun;
  }

  caf::behavior make_behavior() override {
    return {[this](point_neighbours& told) {
              neighbours_ = std::move(told);
              for (const caf::actor& each : neighbours_)
                neighbour_count_ += each ? 1 : 0;
              if (!is_red_)
                tell_neighbours(0);
              go_on();
            },
            [this](const neighbour_value& told) {
              around_[told.side] = told.value;
              ++heard_;
              out_of_turn_ = out_of_turn_ || told.turn != turn_;
              go_on();
            }};
  }
  void on_exit() override {
    neighbours_ = {}; // they hold each other
    books_.values[place_] = value_;
    books_.out_of_turn += out_of_turn_ ? 1 : 0;
    ++books_.points.ended;
  }

private:
  void go_on() {
    if (neighbour_count_ == 0 || heard_ < neighbour_count_) // 0: not yet met
      return;
    heard_ = 0;
    value_ = relaxed(value_, around_);
    const std::size_t told = is_red_ ? turn_ : turn_ + 1;
    if (told < iterations_)
      tell_neighbours(told);
    if (++turn_ == iterations_)
      quit();
  }
  void tell_neighbours(std::size_t turn) {
    for (std::size_t side = 0; side < neighbours_.size(); ++side)
      if (neighbours_[side])
        send(neighbours_[side], neighbour_value{3 - side, turn, value_});
  }

  const std::size_t iterations_, place_;
  const bool is_red_;
  relaxation_books& books_;
  double value_;
  std::array<double, 4> around_; // as last heard, or the border
  point_neighbours neighbours_;
  std::size_t neighbour_count_ = 0, heard_ = 0, turn_ = 0;
  bool out_of_turn_ = false;
};

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

std::string sor(caf::actor_system& in, std::uint64_t seed) {
  const relaxation_size size;
  relaxation_books books;
  books.grid = books.values = drawn_grid(size, seed);
  std::vector<caf::actor> points(size.side * size.side); // none on the border
  const auto inner = [side = size.side](std::size_t each) { return each > 0 && each + 1 < side; };
  for (std::size_t i = 0; i < points.size(); ++i)
    if (inner(i / size.side) && inner(i % size.side))
      points[i] = in.spawn<grid_point>(size, i / size.side, i % size.side, books);
  for (std::size_t i = 0; i < points.size(); ++i)
    if (points[i])
      caf::anon_send(points[i],
                     point_neighbours{points[i - size.side], points[i - 1], points[i + 1], points[i + size.side]});
  points.clear();
  in.await_all_actors_done();
  relax_sequentially(books.grid, size);
  findings wrong;
  wrong.expect(books.values == books.grid, "each point is that of a sequential computation, to the last bit");
  wrong.equal("points that heard a value of another turn", books.out_of_turn.load(), 0);
  wrong.all_left("points", books.points, (size.side - 2) * (size.side - 2));
  return wrong.text();
}

} // namespace troupe::savina::on_caf
