// Files that the program brings along: see cmake/embed.cmake, which writes what is declared here.

#pragma once

#include <troupe/program/topology_context.hpp>

#include <vector>

namespace troupe::tools {

/// The files of tools/template.
const std::vector<embedded_file>& project_template();
/// Those of topologies/.
const std::vector<embedded_file>& built_in_topologies();

} // namespace troupe::tools
