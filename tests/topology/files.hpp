// The topology files of the tests.

#pragma once

#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace troupe::tests::topology_files {

inline std::vector<std::filesystem::path> in(const char* folder) {
  std::vector<std::filesystem::path> all;
  for (const auto& each : std::filesystem::directory_iterator{std::filesystem::path{__FILE__}.parent_path() / folder})
    if (each.path().extension() == ".toml")
      all.push_back(each.path());
  std::sort(all.begin(), all.end());
  return all;
}

inline std::string read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline std::string findings_of(const std::string& text, const std::string& name) {
  const topology::kinds known = topology::standard_kinds();
  const topology::parsed made = topology::parse(text, known);
  return topology::render(made.what ? topology::check(*made.what, known).findings : made.findings, text, name);
}

} // namespace troupe::tests::topology_files
