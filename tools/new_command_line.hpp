// The arguments of `troupe new`, for CLI11.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/tools/new_project.hpp>

namespace troupe::tools {

/// Where the arguments of `new` go.
class new_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  const new_project& asked() const noexcept { return read_; }

private:
  new_project read_;
};

} // namespace troupe::tools
