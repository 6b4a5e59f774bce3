#include <troupe/topology/waiting_cycles.hpp>

#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace troupe::topology {

namespace {

constexpr std::size_t edges_named_max = 100; // who has more looks at a picture
constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

/// Who is taken to hold up a question to a reentrant node: its own handling alone, or all others as well, because all
/// `at_once` of the node may wait.
enum class slots : bool { enough, may_run_out };

/// Whether who uses it may wait for as long as the other end takes.
bool binds(const description& what, const edge_description& edge) noexcept {
  const node_description& end = what.nodes[edge.to];
  if (edge.from == edge.to && end.count == 1 && end.at_once == 1) // fails at once: no time would help it
    return edge.how == edge_use::ask || edge.on_full == overflow::suspend;
  return edge.waits() && !what.nodes[edge.from].deadline;
}

/// Whether a question that comes to its beginning, whatever it is, may lead along it.
bool is_for_each_question(const description& what, const kinds& known, const edge_description& edge) noexcept {
  const node_description& from = what.nodes[edge.from];
  const kind* const is = known.find(from.kind);
  if (is == nullptr || !is->goes_on_always)
    return false;
  const auto hops_max = from.parameters.find("hops_max"); // 0: no limit
  return edge.how == edge_use::ask || hops_max == from.parameters.end() ||
         hops_max->second == parameter_value{std::uint64_t{0}};
}

const char* way_out(const description& what, const edge_description& first, std::size_t edges,
                    std::size_t asks) noexcept {
  if (edges == 1 && asks == 0)
    return "overflow = \"reject\": it cannot wait for itself, however shortly";
  if (edges == 1 && what.nodes[first.to].at_once == 1)
    return "at_once = 2 and within = \"1s\": one at a time cannot wait for itself, however shortly";
  return asks != edges ? "overflow = \"reject\", or within = \"1s\", at one of these edges"
                       : "within = \"1s\" at one of these edges, or deadline = \"1s\" for one of these nodes";
}

/// One wait: for a node (its index), or for what a reentrant one does with one question (its index and that of the last
/// node).
struct wait {
  std::size_t from, to;
  std::size_t edge;
};
using waits = std::vector<std::vector<wait>>; // by `from`

waits waits_of(const description& what, const kinds& known, slots of_callee) {
  const std::size_t many = what.nodes.size();
  waits all(2 * many);
  for (std::size_t i = 0; i < what.edges.size(); ++i) {
    const edge_description& each = what.edges[i];
    if (!binds(what, each))
      continue;
    const bool by_itself = each.how == edge_use::ask && what.nodes[each.to].at_once > 1 && of_callee == slots::enough;
    const std::size_t to = by_itself ? many + each.to : each.to;
    all[each.from].push_back({each.from, to, i});
    if (what.nodes[each.from].at_once > 1 && is_for_each_question(what, known, each))
      all[many + each.from].push_back({many + each.from, to, i});
  }
  return all;
}

/// Tarjan's strongly connected components, with a stack of its own: a chain may be as long as there are nodes.
class knots {
public:
  explicit knots(const waits& out) : out_(out), order_(out.size(), none), low_(out.size()), of(out.size(), none) {
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
        const std::size_t to = out_[node][path_.back().next++].to;
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

  const waits& out_;
  std::vector<std::size_t> order_, low_;
  std::vector<std::size_t> open_;
  std::vector<step> path_;
  std::size_t count_ = 0;

public:
  std::vector<std::size_t> of; ///< Which knot one is in, by one of those in it.
};

using edges = std::vector<std::size_t>;

/// The shortest way back to `start` within its knot, first in breadth; empty: it is alone.
///
/// @param by  the wait by which the walk came. None for all of the knot at first
edges way_back(const waits& out, const knots& found, std::size_t start, std::vector<const wait*>& by) {
  std::vector<std::size_t> walk{start};
  const wait* closing = nullptr;
  for (std::size_t i = 0; i < walk.size() && closing == nullptr; ++i)
    for (const wait& each : out[walk[i]]) {
      if (each.to == start) {
        closing = &each;
        break;
      }
      if (found.of[each.to] == found.of[start] && by[each.to] == nullptr) {
        by[each.to] = &each;
        walk.push_back(each.to);
      }
    }
  if (closing == nullptr)
    return {};
  edges cycle{closing->edge};
  for (std::size_t at = closing->from; at != start; at = by[at]->from)
    cycle.push_back(by[at]->edge);
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
            "within = \"1s\" at one of these edges: a run may stand still so until its asks fail, or its time is over"};
  const auto asks = static_cast<std::size_t>(std::count_if(
      cycle.begin(), cycle.end(), [&](std::size_t edge) { return what.edges[edge].how == edge_use::ask; }));
  const char* const rule = cycle.size() == 1      ? "self-wait"
                           : asks == 0            ? "send-cycle"
                           : asks == cycle.size() ? "ask-cycle"
                                                  : "mixed-cycle";
  return {what.expect.ends == ending_kind::would_deadlock ? severity::warning : severity::error, at, rule,
          fmt::format("each waits for the next, and so for itself: {}", written(what, cycle)),
          way_out(what, what.edges[cycle.front()], cycle.size(), asks)};
}

/// @param told  by node: its knot has a cycle that is told of
void find_cycles(const description& what, const kinds& known, slots of_callee, std::vector<bool>& told,
                 finding_list& wrong) {
  const waits out = waits_of(what, known, of_callee);
  const knots found{out};
  std::vector<const wait*> by(out.size());
  std::vector<bool> done(out.size()); // by knot
  for (std::size_t i = 0; i < told.size(); ++i)
    if (told[i])
      done[found.of[i]] = true;
  for (std::size_t start = 0; start < out.size() && !wrong.full(); ++start) {
    if (done[found.of[start]])
      continue;
    const edges cycle = way_back(out, found, start, by);
    if (cycle.empty())
      continue;
    done[found.of[start]] = true;
    wrong.add(told_of(what, cycle, of_callee));
  }
  for (std::size_t i = 0; i < told.size(); ++i)
    told[i] = done[found.of[i]] || done[found.of[told.size() + i]];
}

} // namespace

void find_waiting_cycles(const description& what, const kinds& known, finding_list& wrong) {
  std::vector<bool> told(what.nodes.size());
  find_cycles(what, known, slots::enough, told, wrong);
  find_cycles(what, known, slots::may_run_out, told, wrong);
}

} // namespace troupe::topology
