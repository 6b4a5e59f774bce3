// The options of the demos with supervisors, for CLI11.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/program/observed_run.hpp>
#include <troupe/tools/command_line.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::tools {

/// Where the options of `run pool` go.
class pool_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  run_pool asked() const;

private:
  run_pool read_;
  observe_command_line observe_;
  std::size_t intensity_ = 0;
  CLI::Option* intensity_given_ = nullptr;
};

/// Where the options of `run storm` go.
class storm_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  run_storm asked() const;

private:
  run_storm read_;
  observe_command_line observe_;
  std::uint64_t seconds_ = 3;
};

} // namespace troupe::tools
