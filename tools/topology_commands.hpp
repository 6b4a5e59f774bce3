// `check`, `run FILE`, `explore`, `graph`: what one can do with a topology.

#pragma once

#include <troupe/tools/command_line.hpp>
#include <troupe/topology/kinds.hpp>

namespace troupe::tools {

/// Tells what is wrong with each of the files, and what is known of them.
exit_code check(const check_topologies& asked, const topology::kinds& known);
/// Runs it on threads, and says whether what it expects of itself came out.
exit_code run(const run_topology& asked, const topology::kinds& known);
/// Runs it in the simulator under many schedules.
exit_code explore(const explore_topology& asked, const topology::kinds& known);
/// Draws it.
exit_code draw(const draw_topology& asked, const topology::kinds& known);

} // namespace troupe::tools
