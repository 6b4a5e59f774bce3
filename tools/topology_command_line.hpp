// The arguments of the commands that work on topologies, for CLI11.

#pragma once

#include <troupe/tools/observed_run.hpp>
#include <troupe/tools/topology_options.hpp>

#include <CLI/CLI.hpp>

namespace troupe::tools {

/// Where the arguments of `check` go.
class check_command_line {
public:
  void add_options(CLI::App& to);
  const check_topologies& asked() const noexcept { return read_; }

private:
  check_topologies read_;
};

/// Where the arguments of `run FILE` go.
class topology_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  run_topology asked() const;

private:
  run_topology read_;
  observe_command_line observe_;
};

/// Where the arguments of `explore` go.
class explore_command_line {
public:
  void add_options(CLI::App& to);
  const explore_topology& asked() const noexcept { return read_; }

private:
  explore_topology read_;
};

/// Where the arguments of `graph` go.
class graph_command_line {
public:
  void add_options(CLI::App& to);
  const draw_topology& asked() const noexcept { return read_; }

private:
  draw_topology read_;
};

/// Whether `run WORD` means a topology: it is a path, or ends in ".toml", or is the name of one that is built in.
bool names_topology(const std::string& word);

} // namespace troupe::tools
