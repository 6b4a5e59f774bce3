// Reads a topology file.

#pragma once

#include <troupe/topology/description.hpp>
#include <troupe/topology/kinds.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::topology {

/// What came of reading a file: a description when nothing is wrong.
struct parsed {
  std::optional<description> what;
  std::vector<finding> findings; ///< All of them, in the order of the file. Of a text that is no TOML: the first.
};

/// Reads the text of a file in the format of docs/topology.md. Any text is fine: it gives a description or findings, in
/// time about linear to its size.
///
/// @throws std::bad_alloc
/// @thread any
parsed parse(std::string_view text, const kinds& known);

} // namespace troupe::topology
