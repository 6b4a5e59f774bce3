#include <troupe/observe/snapshot_text.hpp>
#include <troupe/observe/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

namespace {

// As in text_sink: the words begin where most paths have ended.
constexpr std::size_t column_max = 48;
constexpr std::size_t path_bytes_max = 1000;

std::string restarts_in_words(std::uint64_t restarts) {
  return fmt::format("{} restart{}", restarts, restarts == 1 ? "" : "s");
}

/// Where a type is nameless to others does not help who reads its name.
std::string short_name_of(std::string type) {
  constexpr std::string_view nowhere = "(anonymous namespace)::";
  for (std::size_t at = type.find(nowhere); at != type.npos; at = type.find(nowhere, at))
    type.erase(at, nowhere.size());
  return detail::in_one_line(type);
}

std::string lasting(const std::optional<duration>& length) { return length ? " for " + detail::in_words(*length) : ""; }

std::string wait_in_words(const tree_snapshot& seen, std::size_t index) {
  const wait_seen& wait = *seen.nodes[index].wait;
  std::string words = "waits to " + std::string(wait.to);
  if (wait.on && *wait.on != index) // else at its own mailbox
    words += " (" + detail::in_one_line(seen.path(*wait.on), path_bytes_max) + ")";
  return words + lasting(wait.lasts);
}

std::string activity_in_words(const tree_snapshot& seen, std::size_t index) {
  switch (seen.nodes[index].activity) {
  case node_activity::runs:
    return "runs";
  case node_activity::ready:
    return "is ready to run";
  case node_activity::waits:
    return seen.nodes[index].wait ? wait_in_words(seen, index) : "waits";
  }
  return "";
}

/// The path of each, told apart where there are several of it.
std::vector<std::string> distinct_paths(const tree_snapshot& seen) {
  std::map<std::pair<std::size_t, std::string_view>, int> times;
  for (const tree_node& node : seen.nodes)
    ++times[{node.parent, node.name}];
  std::vector<std::string> paths;
  for (std::size_t at = 0; at != seen.nodes.size(); ++at) {
    const tree_node& node = seen.nodes[at];
    paths.push_back(detail::in_one_line(seen.path(at), path_bytes_max));
    if (times[{node.parent, node.name}] > 1)
      paths.back() += fmt::format(" (fiber {})", node.number);
  }
  return paths;
}

std::string rest_in_words(const tree_snapshot& seen, std::size_t left_out, std::size_t indent) {
  const auto line = [&](std::size_t count, std::string_view one, std::string_view more) {
    return count == 0 ? "" : fmt::format("{:{}}{} {}\n", "", indent, count, count == 1 ? one : more);
  };
  return line(seen.omitted + left_out, "more fiber", "more fibers") +
         line(seen.abandoned_children, "child that a supervisor has abandoned, not ended",
              "children that a supervisor has abandoned, not ended") +
         line(seen.abandoned_functions, "function left behind by offload_abandon, not returned",
              "functions left behind by offload_abandon, not returned");
}

} // namespace

namespace detail {

bool works_unseen(const tree_node& node) noexcept {
  return node.kind == node_kind::caretaker && node.activity == node_activity::waits;
}

std::string in_words(const tree_snapshot& seen, std::size_t index) {
  const tree_node& node = seen.nodes[index];
  std::string words;
  const auto add = [&words](std::string_view more) { (words += words.empty() || more.empty() ? "" : "  ") += more; };
  if (node.kind == node_kind::supervisor || node.kind == node_kind::actor)
    add(to_string(node.kind));
  add(node.state);
  if (node.restarts() != 0)
    add(restarts_in_words(node.restarts()));
  if (node.mailbox)
    add(fmt::format("mailbox {}/{}{}", node.mailbox->depth, node.mailbox->capacity,
                    node.mailbox->closed ? " closed" : ""));
  if (node.in_hand)
    add("has " + short_name_of(node.in_hand->type) + lasting(node.in_hand->held));
  add(activity_in_words(seen, index));
  if (node.stopping)
    add("is being stopped");
  return words;
}

} // namespace detail

std::string to_text(const tree_snapshot& seen, std::size_t lines_max, std::size_t indent) {
  const std::vector<std::string> paths = distinct_paths(seen);
  std::vector<std::size_t> shown;
  std::size_t left_out = 0;
  std::size_t column = 0;
  for (std::size_t at = 0; at != seen.nodes.size(); ++at) {
    if (detail::works_unseen(seen.nodes[at]))
      continue;
    if (shown.size() == lines_max) {
      ++left_out;
      continue;
    }
    shown.push_back(at);
    if (const std::size_t width = detail::columns(paths[at]); width <= column_max)
      column = std::max(column, width);
  }
  std::string text;
  for (const std::size_t at : shown) {
    const std::size_t width = std::min(detail::columns(paths[at]), column);
    text += fmt::format("{:{}}{}{:{}}  {}\n", "", indent, paths[at], "", column - width, detail::in_words(seen, at));
  }
  return text + rest_in_words(seen, left_out, indent);
}

} // namespace troupe
