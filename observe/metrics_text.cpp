#include <troupe/observe/metrics_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

namespace troupe {

namespace {

using label = std::pair<std::string_view, std::string_view>;

std::string escaped(std::string_view value) {
  std::string text;
  for (const char letter : value) {
    if (letter == '\\' || letter == '"')
      text += '\\';
    if (letter == '\n')
      text += "\\n";
    else
      text += letter;
  }
  return text;
}

/// All series of one name, which the format wants together. What comes twice is added up: two fibers may have one path.
class metric {
public:
  metric(std::string_view name, std::string_view type, std::string_view help) : name_(name), type_(type), help_(help) {}

  void add(std::initializer_list<label> labels, double value) {
    std::string text;
    for (const auto& [key, of] : labels)
      text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", key, escaped(of));
    series_[text.empty() ? text : '{' + text + '}'] += value;
  }
  void add(std::initializer_list<label> labels, std::uint64_t value) { add(labels, static_cast<double>(value)); }

  void append_to(std::string& text) const {
    if (series_.empty())
      return;
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help_, name_, type_);
    for (const auto& [labels, value] : series_)
      text += fmt::format("{}{} {:.15g}\n", name_, labels, value);
  }

private:
  std::string_view name_;
  std::string_view type_;
  std::string_view help_;
  std::map<std::string, double> series_;
};

void append_tree(std::string& text, const scene& of) {
  metric attached{"troupe_tree_attached", "gauge", "Whether there is a tree to look at."};
  attached.add({}, std::uint64_t{of.attached});
  metric fibers{"troupe_fibers", "gauge", "Fibers of the tree, by what they are and do."};
  metric children{"troupe_children", "gauge", "Children of supervisors, by their state."};
  metric restarts{"troupe_child_restarts_total", "counter", "How often a child was started anew."};
  metric depth{"troupe_mailbox_messages", "gauge", "Messages in the mailbox of an actor that nobody has taken."};
  metric capacity{"troupe_mailbox_capacity_messages", "gauge", "Messages that the mailbox of an actor can hold."};
  metric cycles{"troupe_wait_cycles", "gauge", "Groups of fibers of which each waits for another one of the group."};
  metric abandoned{"troupe_abandoned", "gauge", "What was left behind because it did not end, and has not since."};
  const std::vector<std::string> paths = of.paths();
  for (std::size_t at = 0; at != of.nodes.size(); ++at) {
    const scene_node& node = of.nodes[at];
    if (node.fold) {
      fibers.add({{"kind", "folded"}, {"activity", "any"}}, node.fold->fibers);
      for (const auto& [state, count] : node.fold->states)
        children.add({{"state", state}}, count);
      restarts.add({{"path", paths[at] + "/*"}}, node.fold->restarts);
      continue;
    }
    fibers.add({{"kind", node.kind}, {"activity", node.activity}}, std::uint64_t{1});
    if (!node.state.empty()) {
      children.add({{"state", node.state}}, std::uint64_t{1});
      restarts.add({{"path", paths[at]}}, node.restarts());
    }
    if (node.mailbox) {
      depth.add({{"path", paths[at]}}, node.mailbox->depth);
      capacity.add({{"path", paths[at]}}, node.mailbox->capacity);
    }
  }
  fibers.add({{"kind", "omitted"}, {"activity", "any"}}, of.omitted);
  cycles.add({}, of.cycles.size());
  abandoned.add({{"what", "child"}}, of.abandoned_children);
  abandoned.add({{"what", "function"}}, of.abandoned_functions);
  for (const metric* each : {&attached, &fibers, &children, &restarts, &depth, &capacity, &cycles, &abandoned})
    each->append_to(text);
}

void append_flows(std::string& text, const scene& of) {
  metric sent{"troupe_flow_items_sent_total", "counter", "Items that a mailbox has accepted."};
  metric handled{"troupe_flow_items_handled_total", "counter", "Items that were received and let go of."};
  metric dropped{"troupe_flow_items_dropped_total", "counter", "Items that were not handled, by the reason."};
  metric depth{"troupe_flow_items", "gauge", "Items in a mailbox that nobody has taken."};
  metric deepest{"troupe_flow_items_max", "gauge", "The most items that a mailbox ever had."};
  metric capacity{"troupe_flow_capacity_items", "gauge", "Items that a mailbox can hold."};
  metric waiting{"troupe_flow_waiting", "gauge", "Senders that wait for room, and receivers that wait for an item."};
  for (const scene_flow& flow : of.flows) {
    const std::string_view name = flow.seen.name;
    const mailbox_statistics& counts = flow.seen.counts;
    sent.add({{"flow", name}}, counts.sent);
    handled.add({{"flow", name}}, counts.handled);
    for (std::size_t at = 0; at != drop_reasons; ++at)
      if (counts.dropped[at] != 0)
        dropped.add({{"flow", name}, {"reason", to_string(static_cast<drop_reason>(at))}}, counts.dropped[at]);
    depth.add({{"flow", name}}, counts.depth);
    deepest.add({{"flow", name}}, counts.depth_max);
    capacity.add({{"flow", name}}, counts.capacity);
    waiting.add({{"flow", name}, {"side", "senders"}}, counts.senders_waiting);
    waiting.add({{"flow", name}, {"side", "receivers"}}, counts.receivers_waiting);
  }
  for (const metric* each : {&sent, &handled, &dropped, &depth, &deepest, &capacity, &waiting})
    each->append_to(text);
}

} // namespace

std::string metrics_text(const scene& of, const std::array<std::uint64_t, tree_event_kinds>& events,
                         const live_counts& observer) {
  std::string text;
  append_tree(text, of);
  append_flows(text, of);
  metric happened{"troupe_tree_events_total", "counter", "What has happened to children of supervisors, by kind."};
  for (std::size_t at = 0; at != events.size(); ++at)
    happened.add({{"kind", to_string(static_cast<tree_event_kind>(at))}}, events[at]);
  metric clients{"troupe_observer_clients", "gauge", "Who follows the tree now."};
  clients.add({}, observer.clients);
  metric looks{"troupe_observer_looks_total", "counter", "How often the tree was looked at."};
  looks.add({}, observer.frames);
  metric failed{"troupe_observer_failed_looks_total", "counter", "Looks that failed for want of memory."};
  failed.add({}, observer.failed_looks);
  metric seconds{"troupe_observer_look_seconds_total", "counter", "Time that the looks took together."};
  seconds.add({}, observer.look_seconds);
  for (const metric* each : {&happened, &clients, &looks, &failed, &seconds})
    each->append_to(text);
  return text;
}

} // namespace troupe
