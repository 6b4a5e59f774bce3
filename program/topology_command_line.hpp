// The arguments of the commands that work on topologies, for CLI11.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/program/observed_run.hpp>
#include <troupe/program/topology_options.hpp>

namespace troupe::tools {

/// Where the arguments of `check` go.
class check_command_line {
public:
  /// @param has_names  topologies may be named that are built in
  explicit check_command_line(bool has_names) : has_names_(has_names) {}

  void add_options(CLI::App& to);
  const check_topologies& asked() const noexcept { return read_; }

private:
  bool has_names_;
  check_topologies read_;
};

/// Where the arguments of `run FILE` go.
class topology_command_line {
public:
  /// @param has_names  topologies may be named that are built in
  explicit topology_command_line(bool has_names) : has_names_(has_names) {}

  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  run_topology asked() const;

private:
  bool has_names_;
  run_topology read_;
  observe_command_line observe_;
};

/// Where the arguments of `explore` go.
class explore_command_line {
public:
  /// @param has_names  topologies may be named that are built in
  explicit explore_command_line(bool has_names) : has_names_(has_names) {}

  void add_options(CLI::App& to);
  /// @throws usage_mistake
  explore_topology asked() const;

private:
  bool has_names_;
  explore_topology read_;
  std::string fault_list_;
  CLI::Option* faults_ = nullptr;
  CLI::Option* replay_ = nullptr;
};

/// Where the arguments of `graph` go.
class graph_command_line {
public:
  /// @param has_names  topologies may be named that are built in
  explicit graph_command_line(bool has_names) : has_names_(has_names) {}

  void add_options(CLI::App& to);
  /// @throws usage_mistake
  const draw_topology& asked() const;

private:
  bool has_names_;
  draw_topology read_;
};

/// Where the arguments of `list` go, in a program without demos.
class kinds_command_line {
public:
  void add_options(CLI::App& to);
  const list_kinds& asked() const noexcept { return read_; }

private:
  list_kinds read_;
};

} // namespace troupe::tools
