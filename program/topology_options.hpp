// What the commands that work on topologies were asked for.

#pragma once

#include <troupe/program/observe_options.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::tools {

struct check_topologies {
  std::vector<std::string> files; ///< Or names of what is built in.
  bool as_json = false;
};

struct run_topology {
  std::string which; ///< A file, or the name of one that is built in.
  observe_options observe;
  bool plain = false; ///< Nothing is redrawn.
  bool as_json = false;
};

struct explore_topology {
  std::string which;
  std::size_t schedules = 1'000;
  std::vector<std::string> faults; ///< Names of `armable_faults`.
  std::string replay;              ///< A schedule, to be run alone; empty: none.
  bool as_json = false;
};

struct draw_topology {
  std::string which;
  std::string form = "mermaid"; ///< Or "dot", "svg".
  std::string output = "-";     ///< A file; "-": standard output.
};

struct list_kinds {
  bool as_json = false;
};

/// Faults that an exploration can strike with.
inline const std::vector<std::string> armable_faults{"crash", "cancel", "overflow", "failing_start", "reset"};

/// What `graph` can draw.
inline const std::vector<std::string> picture_forms{"mermaid", "dot", "svg"};

} // namespace troupe::tools
