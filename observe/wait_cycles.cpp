#include <troupe/observe/scene.hpp>

#include <algorithm>

namespace troupe::detail {

namespace {

constexpr std::size_t unseen = ~std::size_t{0};

/// Tarjan's strongly connected components, without recursion: a tree may be deep.
class components {
public:
  explicit components(const tree_snapshot& seen)
      : seen_(seen), state_(seen.nodes.size()), children_(seen.nodes.size()) {
    for (std::size_t at = 1; at < seen.nodes.size(); ++at)
      if (joins(seen.nodes[seen.nodes[at].parent]))
        children_[seen.nodes[at].parent].push_back(at);
  }

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

  static bool joins(const tree_node& node) {
    return node.wait && !node.wait->on && node.wait->to == "join its children";
  }

  /// Where the edge leads; `unseen`: there are no more.
  std::size_t edge(std::size_t from, std::size_t which) const {
    const auto& wait = seen_.nodes[from].wait;
    if (!wait)
      return unseen;
    if (wait->on) // its own: a cycle takes two
      return which == 0 ? *wait->on : unseen;
    return which < children_[from].size() ? children_[from][which] : unseen;
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

  const tree_snapshot& seen_;
  std::vector<marks> state_;
  std::vector<std::vector<std::size_t>> children_; // of those that wait for them
  std::vector<std::size_t> stack_;
  std::vector<std::size_t> path_;
  std::size_t entered_ = 0;
  std::vector<std::vector<std::size_t>> found_;
};

} // namespace

std::vector<std::vector<std::size_t>> wait_cycles(const tree_snapshot& seen) { return components{seen}.find(); }

} // namespace troupe::detail
