#include <troupe/observe/scene_text.hpp>
#include <troupe/observe/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace troupe {

namespace {

constexpr std::size_t bar_columns = 8;
constexpr std::size_t name_columns_max = 40;

struct look {
  std::string_view icon;
  std::string_view colour; ///< An escape sequence.
};

look look_of(const scene_node& node, bool in_cycle) {
  if (in_cycle)
    return {"∞", "\x1b[1;31m"};
  if (node.fold)
    return {"▤", "\x1b[2m"};
  if (node.state == "backing_off")
    return {"▲", "\x1b[33m"};
  if (node.state == "down")
    return {"■", "\x1b[31m"};
  if (node.state == "starting")
    return {"◐", "\x1b[36m"};
  if (node.state == "stopping" || node.stopping)
    return {"▼", "\x1b[35m"};
  if (node.state == "running" || node.activity == "runs")
    return {"●", "\x1b[32m"};
  return {"○", "\x1b[2m"};
}

std::string bar(std::size_t depth, std::size_t capacity) {
  const std::size_t filled = capacity == 0 ? 0 : std::min(bar_columns, (depth * bar_columns + capacity - 1) / capacity);
  return fmt::format("[{:#<{}}{:-<{}}] {}/{}", "", filled, "", bar_columns - filled, depth, capacity);
}

std::string rate_in_words(double rate) {
  return rate >= 1e6   ? fmt::format("{:.1f}M/s", rate / 1e6)
         : rate >= 1e3 ? fmt::format("{:.1f}k/s", rate / 1e3)
                       : fmt::format("{:.0f}/s", rate);
}

/// The first so many code points.
std::string cut(std::string_view text, std::size_t columns) {
  std::string kept;
  std::size_t used = 0;
  while (!text.empty() && used != columns) {
    const std::size_t length = std::max<std::size_t>(detail::utf8_length(text), 1);
    kept += text.substr(0, length);
    text.remove_prefix(length);
    ++used;
  }
  return kept;
}

/// What is known while the lines are written.
class frame {
public:
  frame(const scene& of, const frame_shape& shape) : of_(of), shape_(shape), paths_(of.paths()) {
    for (std::size_t at = 0; at != of.nodes.size(); ++at) {
      places_.emplace(of.nodes[at].key, at);
      children_[of.nodes[at].parent].push_back(at);
    }
    for (const auto& cycle : of.cycles)
      in_cycle_.insert(cycle.begin(), cycle.end());
  }

  std::string text() {
    add(head());
    // What flows is short, and says most: it keeps its place.
    const std::size_t flows = std::min(of_.flows.size(), shape_.lines > 4 ? (shape_.lines - 2) / 2 : 0);
    const std::size_t tree_lines = shape_.lines > flows + 2 ? shape_.lines - flows - 2 : 0;
    std::vector<std::pair<std::size_t, std::size_t>> order; // place, depth
    walk(order);
    std::size_t widest = 0;
    for (const auto& [at, depth] : order)
      widest = std::max(widest, 2 * depth + detail::columns(name(at)));
    names_ = std::min(widest, name_columns_max);
    for (std::size_t line = 0; line != std::min(order.size(), tree_lines); ++line)
      add_node(order[line].first, order[line].second);
    for (std::size_t at = 0; at != flows; ++at)
      add(flow(of_.flows[at]));
    const std::size_t left = order.size() - std::min(order.size(), tree_lines) + of_.flows.size() - flows;
    if (left != 0)
      add(fmt::format("... and {} more lines: make the terminal higher", left));
    return std::move(text_);
  }

private:
  std::string head() const {
    std::size_t fibers = of_.omitted;
    std::uint64_t restarts = 0;
    for (const scene_node& node : of_.nodes) {
      fibers += node.fold ? node.fold->fibers : 1;
      restarts += node.restarts();
    }
    std::string text = fmt::format("{}  {} fibers  {} restarts", detail::in_one_line(of_.title), fibers, restarts);
    if (!of_.cycles.empty())
      text += fmt::format("  {} in cycles of waits", in_cycle_.size());
    return of_.attached ? text : text + "  (the tree has ended)";
  }

  std::string name(std::size_t at) const {
    return of_.nodes[at].parent == 0 ? "/" : detail::in_one_line(of_.nodes[at].name);
  }

  void walk(std::vector<std::pair<std::size_t, std::size_t>>& order) const {
    std::vector<std::pair<std::size_t, std::size_t>> next;
    const auto push_children = [&](std::uint64_t key, std::size_t depth) {
      if (const auto found = children_.find(key); found != children_.end())
        for (auto child = found->second.rbegin(); child != found->second.rend(); ++child)
          next.emplace_back(*child, depth);
    };
    push_children(0, 0);
    while (!next.empty()) {
      const auto [at, depth] = next.back();
      next.pop_back();
      order.emplace_back(at, depth);
      push_children(of_.nodes[at].key, depth + 1);
    }
  }

  void add_node(std::size_t at, std::size_t depth) {
    const scene_node& node = of_.nodes[at];
    const look shown = look_of(node, in_cycle_.contains(node.key));
    const std::string label = cut(fmt::format("{:{}}{} {}", "", 2 * depth, shown.icon, name(at)), names_ + 2);
    const std::size_t pad = names_ + 2 - std::min(names_ + 2, detail::columns(label));
    add(fmt::format("{}{:{}}  {}", label, "", pad, words(node)), shown.colour);
  }

  std::string words(const scene_node& node) const {
    std::string text;
    const auto put = [&text](const std::string& more) { (text += text.empty() || more.empty() ? "" : "  ") += more; };
    if (node.fold) {
      for (const auto& [state, count] : node.fold->states)
        put(fmt::format("{} {}", count, state));
    } else {
      put(node.state.empty() ? node.wait ? "" : node.activity : node.state);
    }
    if (const std::uint64_t restarts = node.restarts(); restarts != 0)
      put(fmt::format("{} restart{}", restarts, restarts == 1 ? "" : "s"));
    if (node.mailbox)
      put(bar(node.mailbox->depth, node.mailbox->capacity));
    if (node.in_hand)
      put("has " + detail::in_one_line(node.in_hand->type));
    if (node.wait) {
      const auto on = places_.find(node.wait->on);
      put("waits to " + node.wait->to +
          (on != places_.end() ? " (" + detail::in_one_line(paths_[on->second]) + ")" : std::string()));
    }
    return text;
  }

  static std::string flow(const scene_flow& of) {
    const mailbox_statistics& counts = of.seen.counts;
    std::string text = fmt::format("{}  {}  {}", detail::in_one_line(of.seen.name), rate_in_words(of.sent_per_second),
                                   bar(counts.depth, counts.capacity));
    if (counts.senders_waiting != 0)
      text += fmt::format("  {} sender{} wait{}", counts.senders_waiting, counts.senders_waiting == 1 ? "" : "s",
                          counts.senders_waiting == 1 ? "s" : "");
    return text;
  }

  void add(const std::string& line, std::string_view colour = {}) {
    const std::string kept = cut(line, shape_.columns);
    const std::size_t end = kept.find_last_not_of(' ') + 1;
    const bool coloured = shape_.colours && !colour.empty();
    text_ += coloured ? std::string(colour) : std::string();
    text_.append(kept, 0, end).append(coloured ? "\x1b[0m\n" : "\n");
  }

  const scene& of_;
  const frame_shape& shape_;
  const std::vector<std::string> paths_;
  std::unordered_map<std::uint64_t, std::size_t> places_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> children_;
  std::unordered_set<std::uint64_t> in_cycle_;
  std::size_t names_ = 0;
  std::string text_;
};

} // namespace

std::string frame_text(const scene& of, const frame_shape& shape) { return frame(of, shape).text(); }

} // namespace troupe
