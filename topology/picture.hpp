// A topology as a picture: the tree of supervisors as boxes in boxes, and who sends to whom.

#pragma once

#include <troupe/topology/description.hpp>

#include <string>

namespace troupe::topology {

/// For graphviz: `dot -Tsvg`.
std::string to_dot(const description& what);
/// A Mermaid flowchart, which code hosts draw in Markdown.
std::string to_mermaid(const description& what);

} // namespace troupe::topology
