#include <troupe/observe/snapshot_text.hpp>
#include <troupe/observe/words.hpp>

#include <fmt/format.h>

#include <string_view>

namespace troupe {

namespace {

/// As Graphviz reads a quoted string. Backslashes are doubled by in_one_line already, which it shows as one.
std::string quoted(std::string_view text) {
  std::string in_quotes = "\"";
  for (const char letter : text) {
    if (letter == '"')
      in_quotes += '\\';
    in_quotes += letter;
  }
  return in_quotes += '"';
}

std::string_view shape_of(const tree_node& node) {
  switch (node.kind) {
  case node_kind::supervisor:
    return "house";
  case node_kind::actor:
    return "box";
  case node_kind::group:
    return "folder";
  case node_kind::fiber:
  case node_kind::caretaker:
    break;
  }
  return "ellipse";
}

} // namespace

std::string to_dot(const tree_snapshot& seen) {
  std::string text = "digraph tree {\n";
  for (std::size_t at = 0; at != seen.nodes.size(); ++at) {
    const tree_node& node = seen.nodes[at];
    if (detail::works_unseen(node))
      continue;
    const std::string name = detail::in_one_line(at == 0 ? "/" : node.name);
    text += fmt::format("  n{} [shape={}, label={}];\n", at, shape_of(node),
                        quoted(name + "\\n" + detail::in_words(seen, at)));
    if (at != 0)
      text += fmt::format("  n{} -> n{};\n", node.parent, at);
  }
  for (std::size_t at = 0; at != seen.nodes.size(); ++at)
    if (const auto& wait = seen.nodes[at].wait; wait && wait->on && *wait->on != at)
      text +=
          fmt::format("  n{} -> n{} [style=dashed, constraint=false, label={}];\n", at, *wait->on, quoted(wait->to));
  return text + "}\n";
}

} // namespace troupe
