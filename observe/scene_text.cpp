#include <troupe/observe/scene_rows.hpp>
#include <troupe/observe/scene_text.hpp>
#include <troupe/observe/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace troupe {

namespace {

/// The page has the whole name; here there is little room.
std::string_view without_namespaces(std::string_view type) {
  const std::size_t end = std::min(type.find('<'), type.size());
  const std::size_t at = type.substr(0, end).rfind("::");
  return at != type.npos ? type.substr(at + 2) : type;
}

constexpr std::size_t bar_columns = 8;
constexpr std::size_t name_columns_max = 40;

constexpr std::size_t rate_columns = 8;

// Escape sequences.
constexpr std::string_view plain = "";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";

struct look {
  std::string_view icon;
  std::string_view colour;
};

look look_of(const scene_node& node, bool in_cycle) {
  if (in_cycle)
    return {"∞", "\x1b[1;31m"};
  if (node.state == "backing_off")
    return {"▲", yellow};
  if (node.state == "ended")
    return {"□", dim};
  if (node.state == "down")
    return {"■", red};
  if (node.state == "starting")
    return {"◐", "\x1b[36m"};
  if (node.state == "stopping" || node.stopping)
    return {"▼", "\x1b[35m"};
  if (node.state == "running" || node.activity == "runs")
    return {"●", green};
  return {"○", dim};
}

std::string rate_in_words(double rate) {
  return rate >= 1e6   ? fmt::format("{:.1f}M/s", rate / 1e6)
         : rate >= 1e3 ? fmt::format("{:.1f}k/s", rate / 1e3)
                       : fmt::format("{:.0f}/s", rate);
}

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// One line, which is cut where the terminal ends.
class line {
public:
  explicit line(const frame_shape& shape) : left_(shape.columns), colours_(shape.colours) {}

  line& add(std::string_view text, std::string_view colour = plain) {
    const std::string kept = cut(text);
    const bool coloured = colours_ && !colour.empty() && !kept.empty();
    text_.append(coloured ? colour : plain).append(kept).append(coloured ? "\x1b[0m" : "");
    return *this;
  }
  /// The same, set apart from what is there.
  line& put(std::string_view text, std::string_view colour = plain) {
    return text.empty() ? *this : add("  ").add(text, colour);
  }
  line& put_bar(std::size_t depth, std::size_t capacity) {
    const std::size_t filled =
        capacity == 0 ? 0 : std::min(bar_columns, (depth * bar_columns + capacity - 1) / capacity);
    const std::string_view colour = 2 * filled < bar_columns ? green : filled < bar_columns ? yellow : red;
    add("  ").add(fmt::format("{:█<{}}", "", filled), colour);
    return add(fmt::format("{:░<{}}", "", bar_columns - filled), dim).add(fmt::format(" {}/{}", depth, capacity));
  }
  line& pad(std::size_t columns) { return add(std::string(columns, ' ')); }

  std::string text() {
    text_.resize(text_.find_last_not_of(' ') + 1);
    return text_ + '\n';
  }

private:
  /// The first code points, as many as there is room for.
  std::string cut(std::string_view text) {
    std::string kept;
    for (; !text.empty() && left_ != 0; --left_) {
      const std::size_t length = std::max<std::size_t>(detail::utf8_length(text), 1);
      kept += text.substr(0, length);
      text.remove_prefix(length);
    }
    return kept;
  }

  std::size_t left_;
  bool colours_;
  std::string text_;
};

/// What is known while the lines are written.
class frame {
public:
  frame(const scene& of, const frame_shape& shape) : of_(of), shape_(shape), paths_(of.paths()) {
    for (std::size_t at = 0; at != of.nodes.size(); ++at)
      places_.emplace(of.nodes[at].key, at);
    for (const auto& cycle : of.cycles)
      in_cycle_.insert(cycle.begin(), cycle.end());
    for (const scene_flow& each : of.flows)
      for (const std::string& path : each.seen.from)
        flows_from_[path].push_back(&each);
  }

  std::string text() {
    std::string text = head();
    // What flows is short, and says most: it keeps its place.
    const std::size_t flows = std::min(of_.flows.size(), shape_.lines > 4 ? (shape_.lines - 2) / 2 : 0);
    const std::size_t below = flows == 0 ? 0 : flows + 1; // a line in between
    const std::size_t room = shape_.lines - std::min(shape_.lines, 1 + below);
    const bool all_flows = flows == of_.flows.size();
    auto rows = detail::rows_of(of_, all_flows ? room : room - std::min<std::size_t>(room, 1));
    const std::size_t rows_all = rows.size();
    if (rows_all > room || !all_flows) // the last line says so
      rows.resize(std::min(rows_all, room - std::min<std::size_t>(room, 1)));
    for (const detail::scene_row& row : rows)
      names_ = std::max(names_, 2 * row.depth + detail::columns(name(row)));
    names_ = std::min(names_, name_columns_max);
    for (const detail::scene_row& row : rows)
      text += node_line(row);
    if (flows != 0)
      text += '\n' + flow_lines(flows);
    if (const std::size_t left = rows_all - rows.size() + of_.flows.size() - flows; left != 0 && shape_.lines > 1)
      text += line(shape_).add(fmt::format("... and {} more lines: make the terminal higher", left), dim).text();
    return text;
  }

private:
  std::string head() const {
    std::size_t fibers = of_.omitted;
    std::uint64_t restarts = 0;
    for (const scene_node& node : of_.nodes) {
      fibers += node.fold ? node.fold->fibers : 1;
      restarts += node.restarts();
    }
    line made(shape_);
    made.add(detail::in_one_line(of_.title), bold).put(counted(fibers, "fiber"));
    made.put(counted(restarts, "restart"), restarts == 0 ? plain : yellow);
    if (!of_.cycles.empty())
      made.put(fmt::format("{} in cycles of waits", in_cycle_.size()), red);
    if (!of_.attached)
      made.put("(the tree has ended)", bold);
    return made.text();
  }

  const scene_node& node(const detail::scene_row& row) const { return of_.nodes[row.at]; }

  std::string name(const detail::scene_row& row) const {
    if (row.fold.children != 0)
      return fmt::format("{} more", row.fold.children);
    return node(row).parent == 0 ? "/" : detail::in_one_line(node(row).name);
  }

  std::string node_line(const detail::scene_row& row) const {
    const scene_node& shown = node(row);
    const scene_fold* const fold = row.fold.children != 0 ? &row.fold : shown.fold ? &*shown.fold : nullptr;
    const look seen = fold != nullptr ? look{"▤", dim} : look_of(shown, in_cycle_.contains(shown.key));
    const std::string label = name(row);
    line made(shape_);
    made.pad(2 * row.depth).add(seen.icon, seen.colour).add(" ");
    made.add(label, seen.colour == green ? plain : seen.colour);
    made.pad(names_ - std::min(names_, 2 * row.depth + detail::columns(label)));
    if (fold != nullptr)
      put_fold(made, *fold);
    else
      put_node(made, shown, seen.colour == green ? dim : seen.colour);
    return made.text();
  }

  static void put_fold(line& to, const scene_fold& fold) {
    for (const auto& [state, count] : fold.states)
      to.put(fmt::format("{} {}", count, state), dim);
    if (fold.restarts != 0)
      to.put(counted(fold.restarts, "restart"), yellow);
    if (fold.queued != 0)
      to.put(fmt::format("{} queued", fold.queued), dim);
  }

  void put_node(line& to, const scene_node& shown, std::string_view colour) const {
    to.put(shown.state.empty() ? shown.wait ? "" : shown.activity : shown.state, colour);
    if (const std::uint64_t restarts = shown.restarts(); restarts != 0)
      to.put(counted(restarts, "restart"), yellow);
    if (shown.mailbox)
      to.put_bar(shown.mailbox->depth, shown.mailbox->capacity);
    if (shown.in_hand)
      to.put("has " + detail::in_one_line(without_namespaces(shown.in_hand->type)));
    if (!shown.wait)
      return;
    const bool waits_for = shown.wait->to.starts_with("wait"); // "wait for", "wait in line"
    to.put(waits_for ? "waits" + shown.wait->to.substr(4) : "waits to " + shown.wait->to, dim);
    if (const std::string whom = awaited(shown); !whom.empty())
      to.add(" (" + whom + ")");
  }

  /// Whom it waits for, or at which flow; empty: that is not known.
  std::string awaited(const scene_node& shown) const {
    if (const auto on = places_.find(shown.wait->on); on != places_.end())
      return detail::in_one_line(paths_[on->second]);
    const std::string& to = shown.wait->to;
    if (to != "send" && to != "reserve" && to != "ask")
      return {};
    for (const scene_node* at = &shown; at != nullptr; at = parent_of(*at)) // also who works for it
      if (const auto found = flows_from_.find(paths_[places_.at(at->key)]); found != flows_from_.end())
        return found->second.size() == 1 ? detail::in_one_line(found->second.front()->seen.name) : std::string();
    return {};
  }

  const scene_node* parent_of(const scene_node& below) const {
    const auto found = places_.find(below.parent);
    return found != places_.end() ? &of_.nodes[found->second] : nullptr;
  }

  std::string flow_lines(std::size_t count) const {
    std::size_t names = 0;
    for (std::size_t at = 0; at != count; ++at)
      names = std::max(names, detail::columns(detail::in_one_line(of_.flows[at].seen.name)));
    std::string text;
    for (std::size_t at = 0; at != count; ++at) {
      const mailbox_statistics& counts = of_.flows[at].seen.counts;
      const std::string label = detail::in_one_line(of_.flows[at].seen.name);
      line made(shape_);
      made.add(label).pad(std::min(names, name_columns_max) - std::min(name_columns_max, detail::columns(label)));
      made.add(fmt::format("{:>{}}", rate_in_words(of_.flows[at].sent_per_second), rate_columns));
      made.put_bar(counts.depth, counts.capacity);
      if (counts.senders_waiting != 0)
        made.put(fmt::format("{} sender{}", counts.senders_waiting, counts.senders_waiting == 1 ? " waits" : "s wait"),
                 yellow);
      if (const std::uint64_t dropped =
              std::accumulate(std::begin(counts.dropped), std::end(counts.dropped), std::uint64_t{0});
          dropped != 0)
        made.put(fmt::format("{} dropped", dropped), yellow);
      text += made.text();
    }
    return text;
  }

  const scene& of_;
  const frame_shape& shape_;
  const std::vector<std::string> paths_;
  std::unordered_map<std::uint64_t, std::size_t> places_;
  std::unordered_map<std::string, std::vector<const scene_flow*>> flows_from_;
  std::unordered_set<std::uint64_t> in_cycle_;
  std::size_t names_ = 0;
};

} // namespace

std::string frame_text(const scene& of, const frame_shape& shape) { return frame(of, shape).text(); }

} // namespace troupe
