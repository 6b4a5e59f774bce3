// What can be run by name.

#pragma once

#include <string>
#include <vector>

namespace troupe::tools {

/// Demos and built-in topologies, as a table or as JSON.
std::string list_of_demos(bool as_json);

/// Of the built-in ones.
std::vector<std::string> names_of_topologies();

} // namespace troupe::tools
