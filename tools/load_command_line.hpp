// The arguments of `troupe load`, for CLI11.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/tools/load.hpp>

#include <cstdint>

namespace troupe::tools {

struct run_load {
  load_options options;
  bool as_json = false;
};

/// Where the arguments of `load` go.
class load_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  run_load asked() const;

private:
  run_load read_;
  std::uint64_t seconds_ = 10;
  std::uint64_t deadline_ = 500; // milliseconds
};

} // namespace troupe::tools
