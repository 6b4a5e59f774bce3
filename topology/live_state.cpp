// What one sees of a topology that runs, and what one can do to it.

#include <troupe/scope/snapshot.hpp>
#include <troupe/topology/live.hpp>
#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace troupe::topology::detail {

std::vector<std::string> live::paths_of(const live_node& of) const {
  std::vector<std::string> paths;
  if (begun())
    for (const auto& each : of.instances)
      paths.push_back(supervisors[of.what.under]->path + '/' + each->name);
  return paths;
}

std::vector<edge_counts> live::edges_now() const {
  std::vector<edge_counts> all;
  if (!begun())
    return all;
  for (std::size_t i = 0; i < what.edges.size(); ++i) {
    const live_edge& edge = edges[i];
    const live_node& end = *nodes[what.edges[i].to];
    const mailbox_statistics box = end.box.statistics();
    edge_counts now;
    now.name = what.name_of(what.edges[i]);
    now.from_paths = paths_of(*nodes[what.edges[i].from]);
    now.to_paths = paths_of(end);
    now.how = what.edges[i].how;
    now.counts = {.capacity = box.capacity,
                  .depth_max = box.depth_max,
                  .senders_waiting = box.senders_waiting,
                  .receivers_waiting = box.receivers_waiting,
                  .handled = edge.handled,
                  .closed = box.closed};
    std::uint64_t refused = 0;
    for (std::size_t why = 0; why < drop_reasons; ++why) {
      now.counts.dropped[why] = edge.lost[why];
      refused += was_in_the_mailbox(static_cast<drop_reason>(why)) ? 0 : now.counts.dropped[why];
    }
    now.offered = edge.offered; // last: what was settled had been offered
    now.counts.settled = now.counts.handled + now.dropped() - refused;
    now.counts.sent = now.offered - refused;
    const std::uint64_t under_way = now.counts.sent - now.counts.settled;
    now.counts.depth = std::min<std::uint64_t>(under_way, box.depth);
    now.counts.in_hand = under_way - now.counts.depth;
    all.push_back(std::move(now));
  }
  return all;
}

std::vector<node_counts> live::nodes_now() const {
  std::vector<node_counts> all;
  if (!begun())
    return all;
  for (const auto& each : nodes) {
    node_counts now;
    now.name = each->what.name;
    now.kind = each->what.kind;
    now.paths = paths_of(*each);
    for (const auto& one : each->instances) {
      const std::uint64_t runs = one->runs;
      now.runs += runs;
      now.restarts += runs != 0 ? runs - 1 : 0;
      now.crashes += one->crashes;
    }
    now.handled = each->handled;
    now.late = each->late;
    now.answers = each->answers;
    now.failed_asks = each->failed_asks;
    const std::lock_guard held{each->mutex};
    for (const std::string& name : each->is.counters) {
      const auto found = each->counters.find(name);
      now.counters.emplace_back(name, found != each->counters.end() ? found->second : 0);
    }
    now.last_error = each->last_error;
    all.push_back(std::move(now));
  }
  return all;
}

report live::result() const {
  report now;
  {
    const std::lock_guard held{mutex_};
    now.ended = ending_;
    now.text = text_;
    now.gave_up = gave_up_;
  }
  now.took = ended_at_ - began_;
  now.edges = edges_now();
  now.nodes = nodes_now();
  for (std::size_t i = 0; i < supervisors.size(); ++i) {
    const std::uint64_t runs = supervisors[i]->runs;
    now.supervisors.push_back({what.supervisors[i].name, runs, runs != 0 ? runs - 1 : 0, supervisors[i]->gave_up});
  }
  for (const edge_counts& each : now.edges)
    if (running_ == 0 && each.offered != each.counts.handled + each.dropped())
      now.unbalanced.push_back(fmt::format("{}: {} were sent, {} handled and {} dropped", each.name, each.offered,
                                           each.counts.handled, each.dropped()));
  now.unexpected = compare(what.expect, now);
  return now;
}

std::string live::standstill(fiber& top) const {
  std::uint64_t under_way = 0;
  for (const edge_counts& each : edges_now())
    under_way += each.offered - each.counts.handled - each.dropped();
  duration shortest = duration::max();
  const tree_snapshot seen = take_snapshot(top);
  if (seen.omitted != 0)
    return {};
  for (const tree_node& each : seen.nodes) {
    if (each.number == this_fiber::pointer()->number())
      continue;
    if (each.activity != node_activity::waits || !each.wait || each.wait->to == "sleep" ||
        each.state == to_string(child_status::backing_off))
      return {};
    shortest = std::min(shortest, each.wait->lasts.value_or(what.lasts)); // without a date: since virtual time is 0
  }
  if (under_way == 0 || shortest < what.lasts / 2)
    return {};
  return fmt::format("for its last {} everybody has waited for another, with {} items and questions under way",
                     write_time(shortest), under_way);
}

std::optional<supervised> live::handle_of(std::size_t supervisor, std::string_view child) const {
  live_supervisor& above = *supervisors[supervisor];
  const std::lock_guard held{above.mutex};
  return above.handle ? above.handle->find(child) : std::nullopt;
}

std::optional<std::string> live::control_supervisor(action how, std::size_t index) {
  if (index == 0) {
    if (how != action::cancel)
      return "the root is nobody's child: it can be cancelled, and nothing else";
    time_is_up();
    return std::nullopt;
  }
  const std::optional<supervised> child = handle_of(what.supervisors[index].under, what.supervisors[index].name);
  if (!child)
    return fmt::format("{} does not run now", what.supervisors[index].name);
  if (how == action::cancel)
    child->cancel();
  else
    child->kill();
  return std::nullopt;
}

std::optional<std::string> live::control(action how, std::string_view path) {
  if (!begun())
    return "it has not begun";
  for (std::size_t i = 0; i < supervisors.size(); ++i)
    if (path == supervisors[i]->path || path == what.supervisors[i].name)
      return control_supervisor(how, i);
  const std::string_view name = path.substr(path.rfind('/') + 1); // all names are different
  for (const auto& of : nodes)
    for (const auto& each : of->instances) {
      if (each->name != name)
        continue;
      const std::optional<supervised> child = handle_of(of->what.under, name);
      if (!child || child->state() == child_status::down)
        return fmt::format("{} does not run now", name);
      if (how == action::restart && of->what.restart == restart_type::temporary)
        return fmt::format("{} is temporary: it is never started anew", name);
      if (how == action::crash) {
        const std::lock_guard held{each->mutex};
        if (each->runs_in == nullptr)
          return fmt::format("{} does not run now", name);
        each->crashes_by_hand = true;
        each->runs_in->cancel();
      } else if (how == action::cancel) {
        each->cancelled = true;
        child->cancel();
      } else {
        child->kill();
      }
      return std::nullopt;
    }
  return fmt::format("there is nobody called {}", quoted(path));
}

} // namespace troupe::topology::detail
