// A topology that a command works on: read, checked, and with what was found in it told.

#pragma once

#include <troupe/program/exit_code.hpp>
#include <troupe/program/topology_context.hpp>
#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// The text of a topology, and what it is called in messages.
struct topology_text {
  std::string name;
  std::string text;
};

/// Of a file, or of one that is built in.
///
/// @throws std::runtime_error: there is none, or it cannot be read; says what to do
topology_text read_topology(const topology_context& in, const std::string& which);

/// What is known of a topology before it runs.
struct examined_topology {
  topology_text source;
  std::optional<topology::description> what; ///< Empty: it could not be read.
  std::vector<topology::finding> findings;
  topology::facts known;

  bool is_sound() const noexcept { return what && !topology::has_errors(findings); }
};

examined_topology examine(topology_text source, const topology::kinds& known);

/// One that can be run. Warnings, and what is wrong, are told on standard error.
struct loaded_topology {
  std::optional<topology::description> what;
  std::string name;
  exit_code otherwise = exit_code::ok; ///< With which to end where there is none.
};

loaded_topology load_topology(const topology_context& in, const std::string& which);

} // namespace troupe::tools
