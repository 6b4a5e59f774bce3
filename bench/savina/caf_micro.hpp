// What several of the programs on CAF's actors share.

#pragma once

#include <tests/savina/savina.hpp>

#include <caf/all.hpp>

#include <cstdint>

namespace troupe::savina::on_caf {

using number = std::uint64_t; // what messages have instead of std::size_t: the same everywhere

/// Counts its begin and its end.
class attending_actor : public caf::event_based_actor {
public:
  attending_actor(caf::actor_config& config, attendance& in) : event_based_actor(config), in_(in) { ++in_.begun; }

  void on_exit() override { ++in_.ended; }

private:
  attendance& in_;
};

} // namespace troupe::savina::on_caf
