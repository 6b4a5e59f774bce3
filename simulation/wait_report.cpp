#include <troupe/scope/fiber.hpp>
#include <troupe/scope/snapshot.hpp>
#include <troupe/simulation/wait_report.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::detail {

namespace {

constexpr std::size_t hops_shown_max = 16;
constexpr std::size_t cycles_shown_max = 8;

/// What a fiber waits for, where a snapshot does not tell.
struct wait_facts {
  const waitable* on = nullptr;
  std::string object;      // in words
  std::uint32_t owner = 0; // last digits of the number of who alone can end it
};

class reporter {
public:
  explicit reporter(fiber& top) : seen_(take_snapshot(top)) {
    top.visit_tree([this](fiber& visited) {
      if (!visited.waiting() || visited.waits_on() == nullptr)
        return;
      facts_[visited.number()] = {visited.waits_on(), visited.waits_on()->describe(), visited.waits_on()->owner()};
    });
    for (std::size_t at = 0; at != seen_.nodes.size(); ++at) {
      const tree_node& node = seen_.nodes[at];
      anybody_goes_on_ = anybody_goes_on_ || !node.wait;
      by_number_.emplace(static_cast<std::uint32_t>(node.number), at);
      if (const auto facts = facts_.find(node.number); node.kind == node_kind::caretaker && facts != facts_.end())
        caretakers_.emplace(facts->second.on, at);
    }
    for (std::size_t at = 1; at != seen_.nodes.size(); ++at)
      children_[seen_.nodes[at].parent].push_back(at);
    for (std::size_t at = 0; at != seen_.nodes.size(); ++at)
      waits_for_.push_back(whom(at));
  }

  std::string text(std::size_t lines_max);

private:
  enum class section : std::uint8_t { cycle, orphan, other, idle };
  /// On the way from one fiber to the next that it waits for.
  struct stop {
    std::size_t at;
    std::size_t next; // of those that it waits for
  };

  /// Whom it waits for: any of them alone can keep it.
  std::vector<std::size_t> whom(std::size_t at) const;
  void find_cycles();
  void note_cycle(const std::vector<stop>& way, std::size_t from);
  bool is_idle(std::size_t at) const { return seen_.nodes[at].wait && seen_.nodes[at].wait->idle; }
  /// A timer ends it, or a function that runs outside of the tree.
  static bool ends_by_itself(const wait_seen& wait) noexcept { return wait.to == "sleep" || wait.to == "offload"; }
  section section_of(std::size_t at) const {
    if (is_in_cycle_[at])
      return section::cycle;
    if (is_idle(at))
      return section::idle;
    const bool gets_it = anybody_goes_on_ || !waits_for_[at].empty() || ends_by_itself(*seen_.nodes[at].wait);
    return gets_it ? section::other : section::orphan;
  }
  static std::string_view title(section of) noexcept;
  std::string path(const std::vector<std::size_t>& cycle) const;
  std::string line(std::size_t at) const;

  tree_snapshot seen_;
  std::unordered_map<std::uint64_t, wait_facts> facts_; // by fiber
  std::unordered_map<std::uint32_t, std::size_t> by_number_;
  std::unordered_map<const waitable*, std::size_t> caretakers_; // by what they look at: the supervisor
  std::unordered_map<std::size_t, std::vector<std::size_t>> children_;
  std::vector<std::vector<std::size_t>> waits_for_;
  std::vector<std::vector<std::size_t>> cycles_; // some of them
  std::size_t cycles_found_ = 0;
  std::vector<bool> is_in_cycle_;
  bool anybody_goes_on_ = false; // and may give the others what they wait for
};

std::vector<std::size_t> reporter::whom(std::size_t at) const {
  const tree_node& node = seen_.nodes[at];
  if (!node.wait || node.wait->idle)
    return {};
  if (node.wait->to == "join its children") {
    const auto all = children_.find(at);
    if (all == children_.end())
      return {};
    // It waits in its innermost group; children are in the order of these.
    const std::size_t innermost = seen_.nodes[all->second.back()].groups_around;
    std::vector<std::size_t> in_group;
    std::copy_if(all->second.begin(), all->second.end(), std::back_inserter(in_group),
                 [&](std::size_t child) { return seen_.nodes[child].groups_around == innermost; });
    return in_group;
  }
  if (node.wait->to == "receive") // whoever may send, and that is not known
    return {};
  const auto facts = facts_.find(node.number);
  if (facts != facts_.end())
    if (const auto owner = by_number_.find(facts->second.owner); owner != by_number_.end())
      return {owner->second};
  if (node.wait->on)
    return {*node.wait->on};
  if (facts != facts_.end())
    if (const auto caretaker = caretakers_.find(facts->second.on); caretaker != caretakers_.end())
      return {caretaker->second};
  return {};
}

/// Each fiber is entered once, so a cycle is found that is closed by whoever leads back to the way that led to it. Not
/// all cycles, but some through each knot.
void reporter::find_cycles() {
  is_in_cycle_.assign(seen_.nodes.size(), false);
  enum class mark : std::uint8_t { never, on_the_way, left };
  std::vector<mark> marks(seen_.nodes.size(), mark::never);
  for (std::size_t root = 0; root != seen_.nodes.size(); ++root) {
    std::vector<stop> way;
    const auto enter = [&](std::size_t at) {
      marks[at] = mark::on_the_way;
      way.push_back({at, 0});
    };
    if (marks[root] == mark::never)
      enter(root);
    while (!way.empty()) {
      const std::size_t at = way.back().at;
      if (way.back().next == waits_for_[at].size()) {
        marks[at] = mark::left;
        way.pop_back();
        continue;
      }
      const std::size_t next = waits_for_[at][way.back().next++];
      if (marks[next] == mark::never)
        enter(next);
      else if (marks[next] == mark::on_the_way)
        note_cycle(way, next);
    }
  }
}

void reporter::note_cycle(const std::vector<stop>& way, std::size_t from) {
  const auto first = std::find_if(way.begin(), way.end(), [&](const stop& each) { return each.at == from; });
  for (auto each = first; each != way.end(); ++each)
    is_in_cycle_[each->at] = true;
  if (++cycles_found_ > cycles_shown_max)
    return;
  std::vector<std::size_t>& cycle = cycles_.emplace_back();
  std::transform(first, way.end(), std::back_inserter(cycle), [](const stop& each) { return each.at; });
}

std::string_view reporter::title(section of) noexcept {
  switch (of) {
  case section::cycle:
    return "  in these cycles:\n";
  case section::orphan:
    return "  nobody is there to give what these wait for:\n";
  case section::other:
    return "  the others:\n";
  case section::idle:
    return "  idle by nature:\n";
  }
  return "";
}

std::string reporter::path(const std::vector<std::size_t>& cycle) const {
  std::string text;
  const auto add = [&](std::size_t at) {
    text += seen_.path(at) + " (" + std::string(seen_.nodes[at].wait->to) + ") -> ";
  };
  const std::size_t shown = std::min(cycle.size(), hops_shown_max);
  std::for_each_n(cycle.begin(), shown, add);
  if (shown != cycle.size())
    text += std::to_string(cycle.size() - shown) + " more -> ";
  return text + seen_.path(cycle.front());
}

std::string reporter::line(std::size_t at) const {
  const tree_node& node = seen_.nodes[at];
  std::string text = "    fiber " + std::to_string(node.number) + " at " + seen_.path(at);
  if (!node.wait)
    return text + " is ready\n";
  text += " waits to " + std::string(node.wait->to);
  if (const auto facts = facts_.find(node.number); facts != facts_.end()) {
    text += ": " + facts->second.object;
    if (const auto owner = by_number_.find(facts->second.owner); owner != by_number_.end())
      text += ", of " + seen_.path(owner->second);
  }
  return text + (node.wait->idle ? " (daemon)\n" : "\n");
}

std::string reporter::text(std::size_t lines_max) {
  find_cycles();
  std::vector<std::size_t> in_order(seen_.nodes.size());
  std::iota(in_order.begin(), in_order.end(), std::size_t{0});
  std::sort(in_order.begin(), in_order.end(), [this](std::size_t a, std::size_t b) {
    return std::pair{section_of(a), a} < std::pair{section_of(b), b};
  });
  std::string text;
  for (const std::vector<std::size_t>& cycle : cycles_)
    text += "  these wait for each other: " + path(cycle) + '\n';
  if (cycles_found_ > cycles_.size())
    text += "  and " + std::to_string(cycles_found_ - cycles_.size()) + " more cycles\n";
  const std::size_t shown = std::min(in_order.size(), lines_max);
  for (std::size_t i = 0; i != shown; ++i) {
    const section now = section_of(in_order[i]);
    if (i == 0 || now != section_of(in_order[i - 1]))
      text += title(now);
    text += line(in_order[i]);
  }
  if (const std::size_t left = in_order.size() - shown + seen_.omitted; left != 0)
    text += "  and " + std::to_string(left) + " more fibers\n";
  return text;
}

} // namespace

std::string wait_report(fiber& top, std::size_t lines_max) { return reporter{top}.text(lines_max); }

} // namespace troupe::detail
