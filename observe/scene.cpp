#include <troupe/observe/scene.hpp>

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace {

// Beyond every number of a fiber, and exact in a double, which is what JavaScript has.
constexpr std::uint64_t fold_keys_from = std::uint64_t{1} << 50U;
constexpr std::size_t cycles_max = 20;
constexpr std::size_t members_max = 100; // of one cycle
// A time is taken for the one that was told before unless it differs by more: it is of a clock that is read now and then,
// and a scene in which nothing happens should be the same as the one before.
constexpr scene_time time_tolerance = 250;
// Of the rates: the newest difference counts for so much, so that they can be read.
constexpr double newest_share = 0.4;

std::optional<scene_time> since(const std::optional<duration>& lasts, scene_time at) {
  if (!lasts)
    return std::nullopt;
  return at - std::chrono::duration_cast<std::chrono::milliseconds>(*lasts).count();
}

/// Adds a fiber that is not shown, and whether it is one of those that were left out, to what stands for them.
void add_to(scene_fold& fold, const tree_node& node, bool is_child) {
  ++fold.fibers;
  fold.restarts += node.restarts();
  fold.queued += node.mailbox ? node.mailbox->depth : 0;
  if (!is_child)
    return;
  ++fold.children;
  ++fold.states[node.state.empty() ? std::string(to_string(node.activity)) : std::string(node.state)];
}

} // namespace

std::vector<std::string> scene::paths() const {
  std::unordered_map<std::uint64_t, std::string> by_key;
  std::vector<std::string> all;
  all.reserve(nodes.size());
  for (const scene_node& node : nodes) {
    const auto parent = by_key.find(node.parent);
    std::string path = parent != by_key.end() ? parent->second : std::string();
    if (!node.fold && node.parent != 0)
      path += '/' + node.name;
    by_key.emplace(node.key, path);
    all.push_back(path.empty() ? "/" : std::move(path));
  }
  return all;
}

scene_node scene_maker::node_of(const tree_node& from, scene_time at) const {
  scene_node node;
  node.key = from.number;
  node.name = from.name;
  node.kind = to_string(from.kind);
  node.activity = to_string(from.activity);
  node.state = from.state;
  node.incarnation = from.incarnation;
  node.stopping = from.stopping;
  node.mailbox = from.mailbox;
  if (from.in_hand)
    node.in_hand = scene_message{from.in_hand->type, since(from.in_hand->held, at)};
  if (from.wait)
    node.wait =
        scene_wait{std::string(from.wait->to), 0, from.wait->shielded, from.wait->idle, since(from.wait->lasts, at)};
  return node;
}

scene scene_maker::make(const tree_snapshot& seen, std::vector<flow_seen> flows, scene_time at) {
  scene made;
  made.at = at;
  made.attached = true;
  made.omitted = seen.omitted;
  made.abandoned_children = seen.abandoned_children;
  made.abandoned_functions = seen.abandoned_functions;

  std::vector<bool> in_cycle(seen.nodes.size(), false);
  for (const auto& cycle : detail::wait_cycles(seen)) {
    if (made.cycles.size() == cycles_max)
      break;
    auto& keys = made.cycles.emplace_back();
    for (const std::size_t member : cycle) {
      if (keys.size() == members_max)
        break;
      keys.push_back(seen.nodes[member].number);
      in_cycle[member] = true;
    }
  }

  const std::vector<bool> shown = detail::shown_nodes(seen, children_max_, in_cycle);
  std::vector<std::uint64_t> stands_for(seen.nodes.size()); // the key under which each is seen
  std::map<std::uint64_t, scene_fold> folds;                // by the parent's key
  for (std::size_t index = 0; index != seen.nodes.size(); ++index) {
    const tree_node& node = seen.nodes[index];
    const std::uint64_t parent = index == 0 ? 0 : stands_for[node.parent];
    if (node.kind == node_kind::caretaker) { // does its work unseen, and its supervisor stands above it
      stands_for[index] = parent;
      continue;
    }
    if (!shown[index]) {
      const bool is_child = parent < fold_keys_from;
      stands_for[index] = is_child ? fold_keys_from + parent : parent;
      add_to(folds[stands_for[index] - fold_keys_from], node, is_child);
      continue;
    }
    stands_for[index] = node.number;
    made.nodes.push_back(node_of(node, at));
    made.nodes.back().parent = parent;
  }
  std::size_t place = 0; // the same way again: now it is known as what each is seen
  for (std::size_t index = 0; index != seen.nodes.size(); ++index) {
    if (seen.nodes[index].kind == node_kind::caretaker || !shown[index])
      continue;
    const auto& wait = seen.nodes[index].wait;
    if (wait && wait->on && *wait->on != index)
      made.nodes[place].wait->on = stands_for[*wait->on];
    else if (wait && wait->on && wait->to == "reserve")
      made.nodes[place].wait->to = "wait for one of its handlers";
    ++place;
  }
  for (auto& [parent, fold] : folds) {
    scene_node node;
    node.key = fold_keys_from + parent;
    node.parent = parent;
    node.name = std::to_string(fold.children) + " more";
    node.kind = "fold";
    node.fold = std::move(fold);
    made.nodes.push_back(std::move(node));
  }
  settle_times(made);
  rate(made, std::move(flows));
  keep_lasting_cycles(made);
  before_ = at;
  return made;
}

void scene_maker::settle_times(scene& made) {
  std::map<std::uint64_t, earlier_wait> waits;
  for (scene_node& node : made.nodes) {
    if (!node.wait || !node.wait->since)
      continue;
    scene_time& since = *node.wait->since;
    const auto before = waits_.find(node.key);
    if (before != waits_.end() && before->second.to == node.wait->to && before->second.on == node.wait->on &&
        std::abs(before->second.since - since) <= time_tolerance)
      since = before->second.since;
    waits.emplace(node.key, earlier_wait{node.wait->to, node.wait->on, since});
  }
  waits_ = std::move(waits);
}

void scene_maker::rate(scene& made, std::vector<flow_seen> flows) {
  std::map<std::string, earlier_counts> counts;
  for (flow_seen& seen : flows) {
    scene_flow flow{std::move(seen)};
    const mailbox_statistics& now = flow.seen.counts;
    const auto before = counts_.find(flow.seen.name);
    if (before != counts_.end() && made.at > before_) {
      const double seconds = static_cast<double>(made.at - before_) / 1'000;
      const auto smooth = [&](std::uint64_t count, std::uint64_t count_before, double rate_before) {
        const double newest = static_cast<double>(count - std::min(count, count_before)) / seconds;
        const double rate = newest_share * newest + (1 - newest_share) * rate_before;
        return rate < 0.05 ? 0 : rate;
      };
      flow.sent_per_second = smooth(now.sent, before->second.sent, before->second.sent_per_second);
      flow.settled_per_second = smooth(now.settled, before->second.settled, before->second.settled_per_second);
    }
    counts.emplace(flow.seen.name,
                   earlier_counts{now.sent, now.settled, flow.sent_per_second, flow.settled_per_second});
    made.flows.push_back(std::move(flow));
  }
  counts_ = std::move(counts);
}

void scene_maker::keep_lasting_cycles(scene& made) {
  auto now = made.cycles;
  std::erase_if(made.cycles,
                [&](const auto& cycle) { return std::find(cycles_.begin(), cycles_.end(), cycle) == cycles_.end(); });
  cycles_ = std::move(now);
}

} // namespace troupe
