#include <troupe/observe/scene_rows.hpp>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace troupe::detail {

namespace {

/// What siblings that are of a kind have in common: "worker-" of "worker-12"; nothing of "12", and of "1:12", the 12th
/// of a second group.
std::string_view stem_of(std::string_view name) {
  const std::size_t end = name.find_last_not_of("0123456789");
  const bool is_number = end == name.npos || (name[end] == ':' && end + 1 != name.size());
  return is_number ? std::string_view() : name.substr(0, end + 1);
}

/// Adds a node that is not shown to what stands for it.
void add_to(scene_fold& fold, const scene_node& node, bool is_child) {
  fold.fibers += node.fold ? node.fold->fibers : 1;
  fold.restarts += node.restarts();
  fold.queued += node.fold ? node.fold->queued : node.mailbox ? node.mailbox->depth : 0;
  if (!is_child)
    return;
  fold.children += node.fold ? node.fold->children : 1;
  if (node.fold)
    for (const auto& [state, count] : node.fold->states)
      fold.states[state] += count;
  else
    ++fold.states[node.state.empty() ? node.activity : node.state];
}

class row_maker {
public:
  explicit row_maker(const scene& of) : of_(of) {
    for (std::size_t at = 0; at != of.nodes.size(); ++at)
      children_[of.nodes[at].parent].push_back(at);
    for (const auto& cycle : of.cycles)
      in_cycle_.insert(cycle.begin(), cycle.end());
  }

  /// With at most so many of a kind among siblings; nothing where that takes more than `lines`.
  std::vector<scene_row> make(std::size_t of_a_kind, std::size_t lines) const {
    std::vector<scene_row> rows;
    std::vector<scene_row> next = shown_below(0, 0, of_a_kind);
    while (!next.empty()) {
      if (rows.size() == lines)
        return {};
      rows.push_back(std::move(next.back()));
      next.pop_back();
      if (rows.back().fold.children != 0)
        continue;
      auto below = shown_below(of_.nodes[rows.back().at].key, rows.back().depth + 1, of_a_kind);
      std::move(below.begin(), below.end(), std::back_inserter(next));
    }
    return rows;
  }

private:
  /// The children of one, last first.
  std::vector<scene_row> shown_below(std::uint64_t parent, std::size_t depth, std::size_t of_a_kind) const {
    const auto found = children_.find(parent);
    if (found == children_.end())
      return {};
    std::map<std::string_view, std::vector<std::size_t>> kinds;
    for (const std::size_t child : found->second)
      kinds[stem_of(of_.nodes[child].name)].push_back(child);
    std::vector<scene_row> rows;
    for (auto& [stem, members] : kinds)
      add_kind(rows, members, depth, of_a_kind);
    // What is folded stands behind the last one of its kind that is shown.
    std::sort(rows.begin(), rows.end(), [](const scene_row& a, const scene_row& b) {
      return std::make_pair(a.at, a.fold.children) > std::make_pair(b.at, b.fold.children);
    });
    return rows;
  }

  void add_kind(std::vector<scene_row>& rows, std::vector<std::size_t>& members, std::size_t depth,
                std::size_t of_a_kind) const {
    std::size_t shown = members.size();
    if (shown > of_a_kind + 1) { // else what stands for one would take as much room as that
      shown = of_a_kind;
      std::sort(members.begin(), members.end(), [this](std::size_t a, std::size_t b) {
        const auto need_a = need(a), need_b = need(b);
        return need_a != need_b ? need_a > need_b : a < b;
      });
      std::sort(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(shown));
      std::sort(members.begin() + static_cast<std::ptrdiff_t>(shown), members.end());
      scene_row folded{members[shown - 1], depth, {}};
      for (std::size_t at = shown; at != members.size(); ++at)
        add_tree(folded.fold, members[at]);
      rows.push_back(std::move(folded));
    }
    for (std::size_t at = 0; at != shown; ++at)
      rows.push_back({members[at], depth, {}});
  }

  std::tuple<bool, bool, std::size_t> need(std::size_t at) const {
    const scene_node& node = of_.nodes[at];
    const auto& box = node.mailbox;
    return {in_cycle_.contains(node.key), !node.state.empty() && node.state != "running",
            box && box->capacity != 0 ? 4 * box->depth / box->capacity : 0};
  }

  void add_tree(scene_fold& fold, std::size_t top) const {
    std::vector<std::size_t> next{top};
    for (bool is_child = true; !next.empty(); is_child = false) {
      const scene_node& node = of_.nodes[next.back()];
      next.pop_back();
      add_to(fold, node, is_child);
      if (const auto below = children_.find(node.key); below != children_.end())
        next.insert(next.end(), below->second.begin(), below->second.end());
    }
  }

  const scene& of_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> children_;
  std::unordered_set<std::uint64_t> in_cycle_;
};

} // namespace

std::vector<scene_row> rows_of(const scene& of, std::size_t lines) {
  const row_maker make{of};
  std::vector<scene_row> all = make.make(of.nodes.size(), of.nodes.size());
  if (all.size() <= lines)
    return all;
  std::size_t fits = 1; // the largest number of a kind that fits, if any does
  for (std::size_t least = 1, most = lines; least <= most;) {
    const std::size_t middle = (least + most) / 2;
    if (make.make(middle, lines).empty()) {
      most = middle - 1;
    } else {
      fits = middle;
      least = middle + 1;
    }
  }
  return make.make(fits, of.nodes.size());
}

} // namespace troupe::detail
