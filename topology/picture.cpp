#include <troupe/topology/picture.hpp>

#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <vector>

namespace troupe::topology {

namespace {

std::string label_of(const edge_description& edge) {
  std::string text = edge.how == edge_use::ask ? "ask" : fmt::format("{}", edge.capacity);
  if (edge.on_full != overflow::suspend)
    text += fmt::format(" {}", name_of(edge.on_full));
  if (edge.within)
    text += fmt::format(" within {}", write_time(*edge.within));
  return text;
}
std::string label_of(const node_description& node, std::string_view line_break) {
  return fmt::format("{}{}{}{}", node.name, node.count > 1 ? fmt::format(" x {}", node.count) : "", line_break,
                     node.kind);
}

/// Children of each supervisor: nodes and supervisors.
struct children {
  std::vector<std::vector<std::size_t>> nodes, supervisors;
  explicit children(const description& what) : nodes(what.supervisors.size()), supervisors(what.supervisors.size()) {
    for (std::size_t i = 0; i < what.nodes.size(); ++i)
      nodes[what.nodes[i].under].push_back(i);
    for (std::size_t i = 1; i < what.supervisors.size(); ++i)
      supervisors[what.supervisors[i].under].push_back(i);
  }
};

// Both are limits::depth_max deep.
void add_dot(const description& what, const children& of, std::size_t index, std::string& to) {
  to += fmt::format("subgraph \"cluster_{0}\" {{\nlabel=\"{0} ({1})\"\n", what.supervisors[index].name,
                    to_string(what.supervisors[index].options.strategy));
  for (const std::size_t each : of.nodes[index])
    to += fmt::format("\"{}\" [label=\"{}\"]\n", what.nodes[each].name, label_of(what.nodes[each], "\\n"));
  for (const std::size_t each : of.supervisors[index])
    add_dot(what, of, each, to);
  to += "}\n";
}
void add_mermaid(const description& what, const children& of, std::size_t index, std::string& to) {
  to += fmt::format("subgraph s{} [\"{} ({})\"]\n", index, what.supervisors[index].name,
                    to_string(what.supervisors[index].options.strategy));
  for (const std::size_t each : of.nodes[index])
    to += fmt::format("n{}[\"{}\"]\n", each, label_of(what.nodes[each], "<br>"));
  for (const std::size_t each : of.supervisors[index])
    add_mermaid(what, of, each, to);
  to += "end\n";
}

} // namespace

std::string to_dot(const description& what) {
  std::string all = "digraph topology {\nrankdir=LR\nnode [shape=box, style=rounded]\n";
  add_dot(what, children{what}, 0, all);
  for (const edge_description& each : what.edges)
    all += fmt::format("\"{}\" -> \"{}\" [label=\"{}\"{}]\n", what.nodes[each.from].name, what.nodes[each.to].name,
                       label_of(each), each.how == edge_use::ask ? ", style=dashed" : "");
  return all + "}\n";
}

std::string to_mermaid(const description& what) {
  std::string all = "flowchart LR\n";
  add_mermaid(what, children{what}, 0, all);
  for (const edge_description& each : what.edges)
    all += fmt::format("n{} {}|\"{}\"| n{}\n", each.from, each.how == edge_use::ask ? "-.->" : "-->", label_of(each),
                       each.to);
  return all;
}

} // namespace troupe::topology
