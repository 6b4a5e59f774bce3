// SV-26 on CAF's own actors: points of a grid compute in step, and tell each other what they have.

#include "caf_programs.hpp"

#include <tests/savina/grid_problems.hpp>

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <array>
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

} // namespace

std::string sor(caf::actor_system& in, std::uint64_t seed) {
  const relaxation_size size;
  relaxation_books books{size, seed};
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
  return judged(books, size).text();
}

} // namespace troupe::savina::on_caf
