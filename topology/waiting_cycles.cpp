#include <troupe/topology/waiting_cycles.hpp>

#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace troupe::topology {

namespace {

constexpr std::size_t edges_named_max = 100; // who has more looks at a picture
constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

/// Whether who uses it may wait for as long as the node at its end does not go on.
bool binds(const description& what, const edge_description& edge) noexcept {
  const node_description& end = what.nodes[edge.to];
  if (edge.from == edge.to && end.count == 1 && end.at_once == 1) // fails at once: no time would help it
    return edge.how == edge_use::ask || edge.on_full == overflow::suspend;
  if (!edge.waits() || what.nodes[edge.from].deadline)
    return false;
  return edge.how == edge_use::send || end.at_once == 1; // a reentrant callee takes the ask meanwhile
}

const char* way_out(std::size_t edges, std::size_t asks) noexcept {
  if (edges == 1)
    return asks == 0 ? "overflow = \"reject\": it cannot wait for itself, however shortly"
                     : "at_once = 2, and an end to its questions: it cannot wait for itself, however shortly";
  return asks != edges ? "overflow = \"reject\", or within = \"1s\", at one of these edges"
                       : "within = \"1s\" at one of these edges, or at_once = 2 for who is asked";
}

/// Tarjan's strongly connected components, with a stack of its own: a chain may be as long as there are nodes.
class knots {
public:
  knots(const description& what, const std::vector<std::vector<std::size_t>>& out)
      : what_(what), out_(out), order_(out.size(), none), low_(out.size()), of(out.size(), none) {
    for (std::size_t i = 0; i < out.size(); ++i)
      if (order_[i] == none)
        walk(i);
  }

private:
  struct step {
    std::size_t node, next;
  };
  void enter(std::size_t node) {
    order_[node] = low_[node] = count_++;
    open_.push_back(node);
    path_.push_back({node, 0});
  }
  void walk(std::size_t from) {
    enter(from);
    while (!path_.empty()) {
      const std::size_t node = path_.back().node;
      if (path_.back().next < out_[node].size()) {
        const std::size_t to = what_.edges[out_[node][path_.back().next++]].to;
        if (order_[to] == none)
          enter(to);
        else if (of[to] == none)
          low_[node] = std::min(low_[node], order_[to]);
        continue;
      }
      path_.pop_back();
      if (!path_.empty())
        low_[path_.back().node] = std::min(low_[path_.back().node], low_[node]);
      if (low_[node] != order_[node])
        continue;
      for (std::size_t last = none; last != node;) {
        last = open_.back();
        open_.pop_back();
        of[last] = node;
      }
    }
  }

  const description& what_;
  const std::vector<std::vector<std::size_t>>& out_;
  std::vector<std::size_t> order_, low_;
  std::vector<std::size_t> open_;
  std::vector<step> path_;
  std::size_t count_ = 0;

public:
  std::vector<std::size_t> of; ///< Which knot a node is in, by one of its nodes.
};

} // namespace

void find_waiting_cycles(const description& what, finding_list& wrong) {
  std::vector<std::vector<std::size_t>> out(what.nodes.size());
  for (std::size_t i = 0; i < what.edges.size(); ++i)
    if (binds(what, what.edges[i]))
      out[what.edges[i].from].push_back(i);
  const knots found{what, out};
  std::vector<bool> told(what.nodes.size());
  std::vector<std::size_t> by(what.nodes.size(), none); // the edge by which the walk came
  for (std::size_t start = 0; start < what.nodes.size() && !wrong.full(); ++start) {
    if (told[found.of[start]])
      continue;
    // The shortest way back to it, first in breadth.
    std::vector<std::size_t> walk{start};
    std::size_t closing = none;
    for (std::size_t i = 0; i < walk.size() && closing == none; ++i)
      for (const std::size_t edge : out[walk[i]]) {
        const std::size_t to = what.edges[edge].to;
        if (to == start) {
          closing = edge;
          break;
        }
        if (found.of[to] == found.of[start] && by[to] == none) {
          by[to] = edge;
          walk.push_back(to);
        }
      }
    if (closing == none)
      continue; // alone in its knot
    told[found.of[start]] = true;
    std::vector<std::size_t> cycle{closing};
    for (std::size_t at = what.edges[closing].from; at != start; at = what.edges[by[at]].from)
      cycle.push_back(by[at]);
    std::reverse(cycle.begin(), cycle.end());
    std::size_t asks = 0;
    std::string text = what.nodes[start].name;
    std::size_t named = 0;
    for (const std::size_t edge : cycle) {
      asks += what.edges[edge].how == edge_use::ask ? 1 : 0;
      if (++named == edges_named_max && cycle.size() > edges_named_max)
        text += fmt::format(" ... {} more ... ", cycle.size() - edges_named_max);
      if (named >= edges_named_max && edge != cycle.back())
        continue;
      text += fmt::format(" ({}, line {}) -> {}", to_string(what.edges[edge].how), what.edges[edge].at.line,
                          what.nodes[what.edges[edge].to].name);
    }
    const char* const rule = cycle.size() == 1      ? "self-wait"
                             : asks == 0            ? "send-cycle"
                             : asks == cycle.size() ? "ask-cycle"
                                                    : "mixed-cycle";
    finding made{severity::error, what.edges[cycle.front()].at, rule,
                 fmt::format("each waits for the next, and so for itself: {}", text), way_out(cycle.size(), asks)};
    if (what.expect.ends == ending_kind::would_deadlock)
      made.how = severity::warning;
    wrong.add(std::move(made));
  }
}

} // namespace troupe::topology
