// The topology files of the tests.

#pragma once

#include <troupe/simulation/simulator.hpp>
#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace troupe::tests::topology_files {

inline std::filesystem::path folder(const char* name) { return std::filesystem::path{__FILE__}.parent_path() / name; }

inline std::vector<std::filesystem::path> in(const char* name) {
  std::vector<std::filesystem::path> all;
  for (const auto& each : std::filesystem::directory_iterator{folder(name)})
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

/// The file as a description; it must be one.
inline topology::description parsed(const std::filesystem::path& path) {
  const std::string text = read(path);
  const topology::parsed made = topology::parse(text, topology::standard_kinds());
  INFO(topology::render(made.findings, text, path.filename().string()));
  REQUIRE(made.what);
  return *made.what;
}

/// Runs it in the simulator, in an order that is drawn from the seed.
inline topology::report run_once(const topology::description& what, std::uint64_t seed) {
  const topology::kinds known = topology::standard_kinds();
  topology::running all{what, known};
  simulator simulated{{.seed = seed}};
  simulated.run([&]() -> task<> { co_await topology::run(all); }).value();
  return all.result();
}

} // namespace troupe::tests::topology_files
