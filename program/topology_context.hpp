// What the commands that work on topologies know of their program.

#pragma once

#include <troupe/observe/embedded_file.hpp>
#include <troupe/topology/kinds.hpp>

#include <span>
#include <string>
#include <vector>

namespace troupe::tools {

using detail::embedded_file;

/// Outlives the commands.
struct topology_context {
  std::string program; ///< As it is called.
  const topology::kinds& known;
  std::span<const embedded_file> built_in; ///< Topologies that can be named: "workers" of "workers.toml".
};

/// The names of those that are built in.
std::vector<std::string> names_of_topologies(const topology_context& in);

/// Whether `run WORD` means a topology: it is a path, or ends in ".toml", or is the name of one that is built in.
bool names_topology(const topology_context& in, const std::string& word);

} // namespace troupe::tools
