// The arguments of `troupe load`, for CLI11.

#pragma once

#include <troupe/tools/load.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace troupe::tools {

struct run_load {
  load_options options;
  bool as_json = false;
};

/// "example.org:80", "[::1]:80"; nothing: it is no host and port.
std::optional<std::pair<std::string, std::uint16_t>> read_host_and_port(const std::string& text);

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
