// Files that the program brings along: cmake/embed.cmake writes what is declared here.

#pragma once

#include <troupe/program/topology_context.hpp>

#include <span>

namespace troupe::tools {

/// The files of tools/template.
std::span<const embedded_file> project_template() noexcept;
/// Those of topologies/.
std::span<const embedded_file> built_in_topologies() noexcept;

} // namespace troupe::tools
