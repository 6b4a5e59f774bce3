// SV-25 on CAF's own actors: blocks of a matrix compute in step, and tell each other what they have.

#include "caf_programs.hpp"

#include <tests/savina/grid_problems.hpp>

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

namespace {

/// Of a block, as far as it concerns one node: the same memory for all who hear of it.
using block_line = std::shared_ptr<const std::vector<distance>>;
struct segment {
  std::size_t phase;
  bool is_row; // of the node of this phase; otherwise its column
  block_line part;
};

/// Of a block: the others who need its rows, and those who need its columns.
struct block_neighbours {
  std::vector<caf::actor> in_column, in_row;
};

} // namespace

} // namespace troupe::savina::on_caf

// Neither leaves the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::savina::on_caf::segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::savina::on_caf::block_neighbours)

namespace troupe::savina::on_caf {

// Phase by phase, the blocks of one row and one column tell all others what the shortest ways through one node are. A
// block may be told of later phases before it has ended its own, and keeps that.

namespace {

class path_block : public caf::event_based_actor {
public:
  path_block(caf::actor_config& config, const shortest_paths_size& size, std::size_t index, path_books& books)
      : event_based_actor(config), phases_(size.nodes), block_(size, index, books), blocks_(books.blocks) {
    ++blocks_.begun;
  }

  caf::behavior make_behavior() override {
    return {[this](block_neighbours& told) {
              neighbours_ = std::move(told);
              has_met_ = true;
              tell_others();
              go_on();
            },
            [this](segment& told) {
              keep(told);
              go_on();
            }};
  }
  void on_exit() override {
    neighbours_ = {}; // they hold each other
    ++blocks_.ended;
  }

private:
  void keep(segment& told) { (told.is_row ? rows_ : columns_)[told.phase] = std::move(told.part); }

  void go_on() {
    while (has_met_ && rows_.contains(phase_) && columns_.contains(phase_)) {
      block_.relax(*rows_.at(phase_), *columns_.at(phase_));
      rows_.erase(phase_);
      columns_.erase(phase_);
      if (++phase_ == phases_)
        return quit();
      tell_others();
    }
  }
  void tell_others() {
    if (block_.has_row_of(phase_))
      tell(neighbours_.in_column, {phase_, true, std::make_shared<const std::vector<distance>>(block_.row_of(phase_))});
    if (block_.has_column_of(phase_))
      tell(neighbours_.in_row,
           {phase_, false, std::make_shared<const std::vector<distance>>(block_.column_of(phase_))});
  }
  void tell(const std::vector<caf::actor>& whom, segment what) {
    for (const caf::actor& each : whom)
      send(each, what);
    keep(what);
  }

  const std::size_t phases_;
  block_of_ways block_;
  attendance& blocks_;
  block_neighbours neighbours_;
  bool has_met_ = false;
  std::size_t phase_ = 0;
  std::map<std::size_t, block_line> rows_, columns_; // by phase, its own among them
};

block_neighbours neighbours_of(std::size_t index, const std::vector<caf::actor>& blocks, std::size_t per_side) {
  block_neighbours found;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i != index && i % per_side == index % per_side)
      found.in_column.push_back(blocks[i]);
    if (i != index && i / per_side == index / per_side)
      found.in_row.push_back(blocks[i]);
  }
  return found;
}

} // namespace

std::string apsp(caf::actor_system& in, std::uint64_t seed) {
  const shortest_paths_size size;
  path_books books{size, seed};
  const std::size_t per_side = blocks_per_side(size);
  std::vector<caf::actor> blocks;
  for (std::size_t i = 0; i < per_side * per_side; ++i)
    blocks.push_back(in.spawn<path_block>(size, i, books));
  for (std::size_t i = 0; i < blocks.size(); ++i)
    caf::anon_send(blocks[i], neighbours_of(i, blocks, per_side));
  blocks.clear();
  in.await_all_actors_done();
  return judged(books, size).text();
}

} // namespace troupe::savina::on_caf
