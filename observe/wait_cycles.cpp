#include <troupe/observe/scene.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t unseen = ~std::size_t{0};

/// Whom each waits for: for all of them, or for any of them.
struct wait_graph {
  struct waiting {
    std::vector<std::size_t> whom; ///< Empty: it can go on, or what it waits for is nobody's.
    bool any = false;
  };

  explicit wait_graph(const tree_snapshot& seen) : of(seen.nodes.size()) {
    std::vector<std::vector<std::size_t>> children(seen.nodes.size());
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> readers; // by mailbox
    for (std::size_t at = 0; at != seen.nodes.size(); ++at) {
      if (at != 0)
        children[seen.nodes[at].parent].push_back(at);
      if (const auto& mailbox = seen.nodes[at].mailbox; mailbox && mailbox->number != 0)
        readers[mailbox->number].push_back(at);
    }
    for (std::size_t at = 0; at != seen.nodes.size(); ++at) {
      const auto& wait = seen.nodes[at].wait;
      if (!wait)
        continue;
      if (!wait->on) {
        if (wait->to == "join its children")
          of[at].whom = children[at];
      } else if (*wait->on != at) {
        const auto sharing = readers.find(wait->object);
        of[at].whom = sharing != readers.end() ? sharing->second : std::vector{*wait->on};
        of[at].any = true;
      } else if (wait->to == "reserve") { // a slot that its children hold
        of[at].whom = children[at];
        of[at].any = true;
      }
    }
  }

  /// Takes out whoever goes on once others do who can. (Holt, "Some deadlock properties of computer systems", 1972.)
  void reduce() {
    std::vector<std::vector<std::size_t>> waiters(of.size());
    std::vector<std::size_t> missing(of.size()), go_on;
    for (std::size_t at = 0; at != of.size(); ++at) {
      for (const std::size_t each : of[at].whom)
        waiters[each].push_back(at);
      missing[at] = of[at].any ? std::min<std::size_t>(of[at].whom.size(), 1) : of[at].whom.size();
      if (missing[at] == 0)
        go_on.push_back(at);
    }
    while (!go_on.empty()) {
      const std::size_t at = go_on.back();
      go_on.pop_back();
      of[at].whom.clear();
      for (const std::size_t each : waiters[at])
        if (missing[each] != 0 && --missing[each] == 0)
          go_on.push_back(each);
    }
  }

  std::vector<waiting> of;
};

/// Tarjan's strongly connected components, without recursion: a tree may be deep.
class components {
public:
  explicit components(wait_graph graph) : graph_(std::move(graph)), state_(graph_.of.size()) {}

  std::vector<std::vector<std::size_t>> find() {
    for (std::size_t at = 0; at != state_.size(); ++at)
      if (state_[at].index == unseen)
        visit(at);
    return std::move(found_);
  }

private:
  struct marks {
    std::size_t index = unseen;
    std::size_t lowest = unseen;
    std::size_t next_edge = 0;
    bool on_stack = false;
  };

  /// Where the edge leads; `unseen`: there are no more.
  std::size_t edge(std::size_t from, std::size_t which) const {
    const auto& whom = graph_.of[from].whom;
    return which < whom.size() ? whom[which] : unseen;
  }

  void enter(std::size_t at) {
    state_[at].index = state_[at].lowest = entered_++;
    state_[at].on_stack = true;
    stack_.push_back(at);
    path_.push_back(at);
  }

  void visit(std::size_t first) {
    enter(first);
    while (!path_.empty()) {
      const std::size_t at = path_.back();
      const std::size_t to = edge(at, state_[at].next_edge++);
      if (to == unseen) {
        leave(at);
      } else if (state_[to].index == unseen) {
        enter(to);
      } else if (state_[to].on_stack) {
        state_[at].lowest = std::min(state_[at].lowest, state_[to].index);
      }
    }
  }

  void leave(std::size_t at) {
    path_.pop_back();
    if (!path_.empty())
      state_[path_.back()].lowest = std::min(state_[path_.back()].lowest, state_[at].lowest);
    if (state_[at].lowest != state_[at].index)
      return;
    std::vector<std::size_t> component;
    for (bool more = true; more;) {
      const std::size_t member = stack_.back();
      stack_.pop_back();
      state_[member].on_stack = false;
      component.push_back(member);
      more = member != at;
    }
    if (component.size() < 2)
      return;
    std::sort(component.begin(), component.end());
    found_.push_back(std::move(component));
  }

  const wait_graph graph_;
  std::vector<marks> state_;
  std::vector<std::size_t> stack_;
  std::vector<std::size_t> path_;
  std::size_t entered_ = 0;
  std::vector<std::vector<std::size_t>> found_;
};

} // namespace

std::vector<std::vector<std::size_t>> wait_cycles(const tree_snapshot& seen) {
  wait_graph graph{seen};
  graph.reduce();
  return components{std::move(graph)}.find();
}

} // namespace troupe::detail
