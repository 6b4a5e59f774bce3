// What the help says of the commands that work on topologies.

#pragma once

#include <troupe/program/description.hpp>

namespace troupe::tools {

extern const description topology_run; ///< Below a `run` that runs other things as well.
extern const description run_file;     ///< `run` where it runs nothing else.
extern const description check_files;
extern const description explore_schedules;
extern const description draw_graph;
extern const description watch_tree;
extern const description complete_words;
extern const description list_of_nodes;

} // namespace troupe::tools
