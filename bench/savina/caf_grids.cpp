// SV-25 on CAF's own actors: blocks of a matrix compute in step, and tell each other what they have.

#include "caf_programs.hpp"

#include <tests/savina/grids.hpp>

#include <troupe/simulation/random.hpp>

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

namespace {

using distance = std::int64_t;

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

constexpr distance no_way = 1'000'000'000; // far enough, and the sum of two is no overflow

/// Row by row; of the whole graph.
std::vector<distance> drawn_graph(const shortest_paths_size& size, std::uint64_t seed) {
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

class path_block : public caf::event_based_actor {
public:
  path_block(caf::actor_config& config, const shortest_paths_size& size, std::size_t index, std::vector<distance>& ways,
             attendance& blocks)
      : event_based_actor(config), size_(size), row_(index / (size.nodes / size.block)),
        column_(index % (size.nodes / size.block)), ways_(ways), blocks_(blocks) {
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
  distance& way(std::size_t i, std::size_t j) {
    return ways_[(row_ * size_.block + i) * size_.nodes + column_ * size_.block + j];
  }
  void keep(segment& told) { (told.is_row ? rows_ : columns_)[told.phase] = std::move(told.part); }

  void go_on() {
    while (has_met_ && rows_.contains(phase_) && columns_.contains(phase_)) {
      relax(*rows_.at(phase_), *columns_.at(phase_));
      rows_.erase(phase_);
      columns_.erase(phase_);
      if (++phase_ == size_.nodes)
        return quit();
      tell_others();
    }
  }
  void tell_others() {
    const std::size_t owner = phase_ / size_.block;
    std::vector<distance> part(size_.block);
    if (row_ == owner) {
      for (std::size_t j = 0; j < size_.block; ++j)
        part[j] = way(phase_ % size_.block, j);
      tell(neighbours_.in_column, {phase_, true, std::make_shared<const std::vector<distance>>(part)});
    }
    if (column_ == owner) {
      for (std::size_t i = 0; i < size_.block; ++i)
        part[i] = way(i, phase_ % size_.block);
      tell(neighbours_.in_row, {phase_, false, std::make_shared<const std::vector<distance>>(part)});
    }
  }
  void tell(const std::vector<caf::actor>& whom, segment what) {
    for (const caf::actor& each : whom)
      send(each, what);
    keep(what);
  }
  void relax(const std::vector<distance>& row, const std::vector<distance>& column) {
    for (std::size_t i = 0; i < size_.block; ++i)
      for (std::size_t j = 0; j < size_.block; ++j)
        way(i, j) = std::min(way(i, j), column[i] + row[j]);
  }

  const shortest_paths_size size_;
  const std::size_t row_, column_;
  std::vector<distance>& ways_; // only its own block of it
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
  std::vector<distance> wanted = drawn_graph(size, seed);
  std::vector<distance> ways = wanted;
  const std::size_t per_side = size.nodes / size.block;
  attendance actors;
  std::vector<caf::actor> blocks;
  for (std::size_t i = 0; i < per_side * per_side; ++i)
    blocks.push_back(in.spawn<path_block>(size, i, ways, actors));
  for (std::size_t i = 0; i < blocks.size(); ++i)
    caf::anon_send(blocks[i], neighbours_of(i, blocks, per_side));
  blocks.clear();
  in.await_all_actors_done();
  for (std::size_t k = 0; k < size.nodes; ++k) // Floyd, Warshall
    for (std::size_t i = 0; i < size.nodes; ++i)
      for (std::size_t j = 0; j < size.nodes; ++j)
        wanted[i * size.nodes + j] =
            std::min(wanted[i * size.nodes + j], wanted[i * size.nodes + k] + wanted[k * size.nodes + j]);
  findings wrong;
  wrong.expect(ways == wanted, "the distances are those of a sequential computation");
  wrong.all_left("blocks", actors, per_side * per_side);
  return wrong.text();
}

} // namespace troupe::savina::on_caf
