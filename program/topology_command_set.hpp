// The commands that work on topologies, for the tree of any program.

#pragma once

#include <troupe/program/command_tree.hpp>
#include <troupe/program/top.hpp>
#include <troupe/program/topology_command_line.hpp>
#include <troupe/program/topology_context.hpp>
#include <troupe/program/topology_descriptions.hpp>

namespace troupe::tools {

/// `check`, `explore`, `graph` and `top`. `run`, `list` and `completion` are left to the program, which may have more.
template <class Command>
void add_topology_commands(commands<Command>& to, const topology_context& in) {
  const bool has_names = !in.built_in.empty();
  to.add_command(to.top(), check_files, check_command_line{has_names});
  to.add_command(to.top(), explore_schedules, explore_command_line{has_names});
  to.add_command(to.top(), draw_graph, graph_command_line{has_names});
  to.add_command(to.top(), watch_tree, top_command_line{});
}

} // namespace troupe::tools
