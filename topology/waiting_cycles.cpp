#include <troupe/topology/waiting_cycles.hpp>

#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace troupe::topology {

namespace {

constexpr std::size_t edges_named_max = 100; // who has more looks at a picture
constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

/// Which edges count: those whose end goes on only when nobody waits, or also those to a node that takes another question
/// meanwhile, as long as not all of its `at_once` wait.
enum class slots : bool { enough, may_run_out };

/// Whether who uses it may wait for as long as the node at its end does not go on.
bool binds(const description& what, const edge_description& edge, slots of_callee) noexcept {
  const node_description& end = what.nodes[edge.to];
  if (edge.from == edge.to && end.count == 1 && end.at_once == 1) // fails at once: no time would help it
    return edge.how == edge_use::ask || edge.on_full == overflow::suspend;
  if (!edge.waits() || what.nodes[edge.from].deadline)
    return false;
  return edge.how == edge_use::send || end.at_once == 1 || of_callee == slots::may_run_out;
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

using edges = std::vector<std::size_t>;

/// The shortest way from a node back to it within its knot, first in breadth; empty: it is alone.
///
/// @param by  by node: the edge by which the walk came. None for all of the knot at first
edges way_back(const description& what, const std::vector<edges>& out, const knots& found, std::size_t start,
               edges& by) {
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
    return {};
  edges cycle{closing};
  for (std::size_t at = what.edges[closing].from; at != start; at = what.edges[by[at]].from)
    cycle.push_back(by[at]);
  std::reverse(cycle.begin(), cycle.end());
  return cycle;
}

/// "a (ask, line 3) -> b (send, line 9) -> a"
std::string written(const description& what, const edges& cycle) {
  std::string text = what.nodes[what.edges[cycle.front()].from].name;
  std::size_t named = 0;
  for (const std::size_t edge : cycle) {
    if (++named == edges_named_max && cycle.size() > edges_named_max)
      text += fmt::format(" ... {} more ... ", cycle.size() - edges_named_max);
    if (named >= edges_named_max && edge != cycle.back())
      continue;
    text += fmt::format(" ({}, line {}) -> {}", to_string(what.edges[edge].how), what.edges[edge].at.line,
                        what.nodes[what.edges[edge].to].name);
  }
  return text;
}

finding told_of(const description& what, const edges& cycle, slots of_callee) {
  const position at = what.edges[cycle.front()].at;
  if (of_callee == slots::may_run_out)
    return {severity::warning, at, "slots-cycle",
            fmt::format("once all at_once of a node here wait, each waits for the next, and so for itself: {}",
                        written(what, cycle)),
            "within = \"1s\" at one of these edges: a run that is stuck so goes on until its time is over"};
  const auto asks = static_cast<std::size_t>(std::count_if(
      cycle.begin(), cycle.end(), [&](std::size_t edge) { return what.edges[edge].how == edge_use::ask; }));
  const char* const rule = cycle.size() == 1      ? "self-wait"
                           : asks == 0            ? "send-cycle"
                           : asks == cycle.size() ? "ask-cycle"
                                                  : "mixed-cycle";
  return {what.expect.ends == ending_kind::would_deadlock ? severity::warning : severity::error, at, rule,
          fmt::format("each waits for the next, and so for itself: {}", written(what, cycle)),
          way_out(cycle.size(), asks)};
}

/// @param told  by node: its knot has a cycle that is told of
void find_cycles(const description& what, slots of_callee, std::vector<bool>& told, finding_list& wrong) {
  std::vector<edges> out(what.nodes.size());
  for (std::size_t i = 0; i < what.edges.size(); ++i)
    if (binds(what, what.edges[i], of_callee))
      out[what.edges[i].from].push_back(i);
  const knots found{what, out};
  edges by(what.nodes.size(), none);
  std::vector<bool> done(what.nodes.size()); // by knot
  for (std::size_t i = 0; i < told.size(); ++i)
    if (told[i])
      done[found.of[i]] = true;
  for (std::size_t start = 0; start < what.nodes.size() && !wrong.full(); ++start) {
    if (done[found.of[start]])
      continue;
    const edges cycle = way_back(what, out, found, start, by);
    if (cycle.empty())
      continue;
    done[found.of[start]] = true;
    wrong.add(told_of(what, cycle, of_callee));
  }
  for (std::size_t i = 0; i < told.size(); ++i)
    told[i] = done[found.of[i]];
}

} // namespace

void find_waiting_cycles(const description& what, finding_list& wrong) {
  std::vector<bool> told(what.nodes.size());
  find_cycles(what, slots::enough, told, wrong);
  find_cycles(what, slots::may_run_out, told, wrong);
}

} // namespace troupe::topology
