// The kinds of nodes that there are, for who writes topology files.

#pragma once

#include <troupe/topology/kinds.hpp>

#include <string>

namespace troupe::tools {

/// Each kind with what it does, and the keys that it has beside those of all nodes.
std::string list_of_kinds(const topology::kinds& known, bool as_json);

} // namespace troupe::tools
