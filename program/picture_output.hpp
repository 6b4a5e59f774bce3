// Where a picture goes, and the program that makes one of a graph.

#pragma once

#include <troupe/program/exit_code.hpp>

#include <string>

namespace troupe::tools {

/// Writes `text` to a file, or to standard output ("-").
exit_code put(const std::string& file, const std::string& text);

/// The same for a graph that graphviz's `dot` draws first. Says what to install where that is missing.
exit_code put_svg(const std::string& file, const std::string& graph);

} // namespace troupe::tools
