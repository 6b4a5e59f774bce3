// What there is to run by name.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/tools/command_line.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace troupe::tools {

/// Demos and built-in topologies with what they are, or what to watch in them, as JSON or as a table: in lines that fit in
/// `columns`, where these are given.
std::string list_of_demos(bool as_json, std::optional<std::size_t> columns);

/// Where the arguments of `list` go.
class listing_command_line {
public:
  void add_options(CLI::App& to);
  command asked() const;

private:
  bool as_json_ = false;
  bool kinds_ = false;
};

} // namespace troupe::tools
