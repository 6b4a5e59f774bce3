#include <troupe/scope/fiber.hpp>
#include <troupe/scope/observed_scope.hpp>
#include <troupe/scope/snapshot.hpp>
#include <troupe/scope/type_name.hpp>

#include <algorithm>
#include <memory>
#include <new>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace detail {

/// One walk along the tree, and what comes of it.
class snapshot_taker {
public:
  explicit snapshot_taker(std::size_t nodes_max) : nodes_max_(nodes_max) {
    found_.reserve(std::min<std::size_t>(nodes_max, 256)); // most trees are smaller, and the walk holds locks
  }

  void walk(fiber& top) {
    top.visit_tree([this](const fiber& visited) { enter(visited); },
                   [this](const cancel_scope& scope) { look_at(scope); });
    if (out_of_memory_)
      throw std::bad_alloc{};
    now_ = top.runs_on().noted_clock();
  }

  tree_snapshot result() {
    tree_snapshot seen;
    seen.omitted = omitted_;
    seen.nodes.reserve(found_.size());
    std::vector<std::size_t> place(found_.size()); // in `nodes`, by that in `found_`
    for (const std::size_t at : in_order()) {
      place[at] = seen.nodes.size();
      seen.nodes.push_back(node_of(found_[at], place[found_[at].parent]));
      if (found_[at].facts.slots != 0)
        slots_of_.emplace(found_[at].facts.slots, place[at]);
    }
    name_objects(seen);
    return seen;
  }

private:
  static constexpr std::size_t left_out = ~std::size_t{0};

  struct found {
    std::size_t parent;
    std::string name;
    std::size_t groups_around;
    std::uint32_t start_index;
    std::uint64_t number;
    node_activity activity;
    bool stopping;
    const char* waits_to;
    std::uint64_t waits_on;
    fiber::wait_kind waits_how;
    coarse_time waits_since;
    node_facts facts;
  };

  // -- under the locks of the walk ------------------------------------------------------------------------------------

  /// Nothing is thrown through the walk, which could not let go of its locks.
  void enter(const fiber& visited) noexcept {
    try {
      if (!out_of_memory_)
        add(visited);
    } catch (...) {
      out_of_memory_ = true;
    }
  }

  void add(const fiber& visited) {
    const cancel_scope* const group = visited.root_scope_.outer_;
    std::size_t parent = 0;
    if (!path_.empty())
      parent = go_back_to(group->fiber_);
    if (found_.size() >= nodes_max_) {
      ++omitted_;
      path_.emplace_back(&visited, left_out);
      return;
    }
    const bool is_top = path_.empty();
    path_.emplace_back(&visited, found_.size());
    found_.push_back({parent,
                      is_top ? std::string() : visited.path_part(),
                      is_top ? 0 : fiber::groups_around(*group),
                      visited.start_index_,
                      visited.number(),
                      node_activity::ready,
                      visited.stop_pending(),
                      nullptr,
                      0,
                      {},
                      0,
                      {}});
    look_at_wait(visited, found_.back());
  }

  /// The wait of a fiber may be another one by now than that of which the first was read: then it is read again.
  static void look_at_wait(const fiber& of, found& seen) noexcept {
    for (int tries = 0; tries != 3; ++tries) {
      seen.activity = of.waiting()                                    ? node_activity::waits
                      : of.on_thread_.load(std::memory_order_relaxed) ? node_activity::runs
                                                                      : node_activity::ready;
      seen.waits_to = of.waits_to();
      seen.waits_how = of.waits_how();
      // relaxed, all: each is true of some moment, and the object is told by its number and never looked into
      seen.waits_on = of.waits_on_number_.load(std::memory_order_relaxed);
      seen.waits_since = of.waits_since_.load(std::memory_order_relaxed);
      if (of.waits_to() == seen.waits_to && of.waits_on_number_.load(std::memory_order_relaxed) == seen.waits_on &&
          of.waiting() == (seen.activity == node_activity::waits))
        return;
    }
  }

  void look_at(const cancel_scope& scope) noexcept {
    if (out_of_memory_)
      return;
    const std::size_t at = go_back_to(scope.fiber_);
    if (at == left_out)
      return;
    node_facts& facts = found_[at].facts;
    if (scope.role_ == cancel_scope::role::observed)
      observed_scope::tell(scope, facts);
    else if (scope.role_ == cancel_scope::role::group && facts.kind == node_kind::fiber)
      facts.kind = node_kind::group;
    if (facts.kind == node_kind::caretaker)
      found_[found_[at].parent].facts.kind = node_kind::supervisor;
  }

  std::size_t go_back_to(const fiber& on_the_path) noexcept {
    while (path_.back().first != &on_the_path)
      path_.pop_back();
    return path_.back().second;
  }

  // -- after it -------------------------------------------------------------------------------------------------------

  /// Parents before children, these in the order of their start. The walk meets the last one first.
  std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> by_family(found_.size());
    std::iota(by_family.begin(), by_family.end(), std::size_t{0});
    const auto key = [this](std::size_t at) {
      return std::make_tuple(at == 0 ? left_out : found_[at].parent, found_[at].groups_around, found_[at].start_index);
    };
    std::sort(by_family.begin(), by_family.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    std::vector<std::size_t> first_child(found_.size() + 1, 0); // where the children of each begin in `by_family`
    for (std::size_t at = 1; at < found_.size(); ++at)
      ++first_child[found_[at].parent + 1];
    std::partial_sum(first_child.begin(), first_child.end(), first_child.begin());
    std::vector<std::size_t> order;
    std::vector<std::size_t> next(found_.empty() ? 0 : 1, std::size_t{0});
    while (!next.empty()) {
      const std::size_t at = next.back();
      next.pop_back();
      order.push_back(at);
      for (std::size_t child = first_child[at + 1]; child != first_child[at]; --child)
        next.push_back(by_family[child - 1]);
    }
    return order;
  }

  tree_node node_of(found& from, std::size_t parent) const {
    tree_node node;
    node.parent = parent;
    node.name = std::move(from.name);
    node.number = from.number;
    node.groups_around = from.groups_around;
    node.kind = from.facts.kind;
    node.activity = from.activity;
    node.stopping = from.stopping;
    node.state = from.facts.state;
    node.incarnation = from.facts.incarnation;
    if (from.facts.has_mailbox)
      node.mailbox = from.facts.mailbox;
    if (from.facts.in_hand != nullptr)
      node.in_hand = message_seen{type_name(*from.facts.in_hand), age_of(from.facts.in_hand_since, now_)};
    if (from.activity == node_activity::waits && from.waits_to != nullptr)
      node.wait = wait_seen{from.waits_to,
                            from.waits_on,
                            std::nullopt,
                            from.waits_how == fiber::wait_kind::shielded,
                            from.waits_how == fiber::wait_kind::daemon,
                            age_of(from.waits_since, now_)};
    return node;
  }

  void name_objects(tree_snapshot& seen) {
    std::unordered_map<std::uint64_t, std::size_t> numbered = std::move(slots_of_);
    for (std::size_t at = 0; at != seen.nodes.size(); ++at) {
      numbered.emplace(seen.nodes[at].number, at);
      if (const auto& mailbox = seen.nodes[at].mailbox; mailbox && mailbox->number != 0)
        numbered.emplace(mailbox->number, at);
    }
    for (std::size_t at = 0; at != seen.nodes.size(); ++at) {
      tree_node& node = seen.nodes[at];
      if (!node.wait || node.wait->object == 0)
        continue;
      if (node.mailbox && node.mailbox->number == node.wait->object) // others may read it, too
        node.wait->on = at;
      else if (const auto on = numbered.find(node.wait->object); on != numbered.end())
        node.wait->on = on->second;
    }
  }

  const std::size_t nodes_max_;
  std::vector<found> found_;
  std::vector<std::pair<const fiber*, std::size_t>>
      path_; // from the top to where the walk is; with the place in found_
  std::unordered_map<std::uint64_t, std::size_t> slots_of_; // whose children hold them, by the number of these slots
  std::size_t omitted_ = 0;
  bool out_of_memory_ = false;
  instant now_{};
};

} // namespace detail

std::string_view to_string(node_kind kind) noexcept {
  constexpr std::string_view names[] = {"fiber", "group", "supervisor", "caretaker", "actor"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(node_activity activity) noexcept {
  constexpr std::string_view names[] = {"runs", "ready", "waits"};
  return names[static_cast<std::size_t>(activity)];
}

std::string tree_snapshot::path(std::size_t index) const {
  std::vector<std::size_t> from_here;
  for (; index != 0; index = nodes[index].parent)
    from_here.push_back(index);
  std::string path;
  for (; !from_here.empty(); from_here.pop_back())
    (path += '/') += nodes[from_here.back()].name;
  return path.empty() ? "/" : path;
}

tree_snapshot take_snapshot(fiber& top, std::size_t nodes_max) {
  detail::snapshot_taker taker{nodes_max};
  taker.walk(top);
  tree_snapshot seen = taker.result();
  seen.abandoned_children = top.runs_on().abandoned_fibers();
  const std::size_t abandoned = top.runs_on().abandoned();
  seen.abandoned_functions = abandoned - std::min(abandoned, seen.abandoned_children);
  return seen;
}

} // namespace troupe
