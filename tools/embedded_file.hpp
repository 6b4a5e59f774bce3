// Files that the program brings along: see cmake/embed.cmake, which writes what is declared here.

#pragma once

#include <string_view>
#include <vector>

namespace troupe::tools {

struct embedded_file {
  std::string_view name; ///< In its folder.
  std::string_view text;
};

/// The files of tools/template.
const std::vector<embedded_file>& project_template();
/// Those of topologies/.
const std::vector<embedded_file>& built_in_topologies();

} // namespace troupe::tools
