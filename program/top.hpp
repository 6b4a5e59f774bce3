// `troupe top`: the live view of a running observer, in a terminal.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/program/exit_code.hpp>
#include <troupe/program/top_options.hpp>

#include <cstdint>
#include <string>

namespace troupe::tools {

/// Where the arguments of `top` go.
class top_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  top_options asked() const { return read_; }

private:
  top_options read_;
};

/// Redraws the tree four times a second until Ctrl-C, or until the observer has gone; where standard output is no
/// terminal, a frame of plain lines each second.
exit_code top(const top_options& asked);

} // namespace troupe::tools
