#include <troupe/program/topology_context.hpp>

#include <algorithm>

namespace troupe::tools {

std::vector<std::string> names_of_topologies(const topology_context& in) {
  std::vector<std::string> names;
  for (const embedded_file& each : in.built_in)
    names.emplace_back(each.name.substr(0, each.name.rfind('.')));
  return names;
}

bool names_topology(const topology_context& in, const std::string& word) {
  if (word.find('/') != std::string::npos || word.ends_with(".toml"))
    return true;
  return std::any_of(in.built_in.begin(), in.built_in.end(),
                     [&word](const embedded_file& each) { return each.name == word + ".toml"; });
}

} // namespace troupe::tools
