// `check`, `run FILE`, `explore`, `graph`, `list`: what one can do with topologies.

#pragma once

#include <troupe/program/exit_code.hpp>
#include <troupe/program/top_options.hpp>
#include <troupe/program/topology_context.hpp>
#include <troupe/program/topology_options.hpp>
#include <troupe/program/usage.hpp>

namespace troupe::tools {

/// Tells what is wrong with each of the files, and what is known of them.
exit_code execute(const check_topologies& asked, const topology_context& in);
/// Runs it on threads, and says whether what it expects of itself came out.
exit_code execute(const run_topology& asked, const topology_context& in);
/// Runs it in the simulator under many schedules.
exit_code execute(const explore_topology& asked, const topology_context& in);
/// Lists the kinds of nodes.
exit_code execute(const list_kinds& asked, const topology_context& in);
/// Draws it.
exit_code execute(const draw_topology& asked, const topology_context& in);
/// Follows a program that is observed.
exit_code execute(const top_options& asked, const topology_context& in);
exit_code execute(const show_text& asked, const topology_context& in);
exit_code execute(const usage_error& asked, const topology_context& in);

} // namespace troupe::tools
