#include <troupe/tools/tree_tally.hpp>

#include <fmt/format.h>

#include <utility>

namespace troupe::tools {

path_counts& path_counts::operator+=(const path_counts& more) noexcept {
  starts += more.starts;
  restarts += more.restarts;
  ended += more.ended;
  stopped += more.stopped;
  abandoned += more.abandoned;
  failures += more.failures;
  escalations += more.escalations;
  return *this;
}

void tree_tally::on_tree_event(const tree_event& happened) noexcept {
  note(happened); // without memory for the count there is nothing to show: then the program ends
}

void tree_tally::note(const tree_event& happened) {
  const std::lock_guard held{mutex_};
  const auto found = lines_.find(happened.path);
  line& at = found != lines_.end() ? found->second : lines_[std::string(happened.path)];
  switch (happened.kind) {
  case tree_event_kind::begun:
    return begins(happened, at);
  case tree_event_kind::ended:
    ++at.counts.ended;
    return ends(happened, at);
  case tree_event_kind::stopped:
    ++at.counts.stopped;
    return ends(happened, at);
  case tree_event_kind::abandoned:
    ++at.counts.abandoned;
    return ends(happened, at);
  case tree_event_kind::gave_up:
    ++at.counts.escalations;
    return;
  case tree_event_kind::started:
  case tree_event_kind::restarting: // what comes of it is a start, or its child is stopped before
  case tree_event_kind::stopping:
  case tree_event_kind::killed:
  case tree_event_kind::forgotten:
    return;
  }
}

void tree_tally::begins(const tree_event& happened, line& at) {
  ++at.counts.starts;
  at.counts.restarts += happened.incarnation > 1 ? 1 : 0;
  if (const std::uint64_t running = std::exchange(at.running, happened.incarnation); running != 0)
    cannot_be(happened, running);
}

void tree_tally::ends(const tree_event& happened, line& at) {
  at.counts.failures += happened.reason.kind == exit_kind::failed ? 1 : 0;
  if (const std::uint64_t running = std::exchange(at.running, 0); running != happened.incarnation)
    cannot_be(happened, running);
}

void tree_tally::cannot_be(const tree_event& happened, std::uint64_t running) {
  if (faults_.size() < faults_max)
    faults_.push_back(fmt::format("{} #{}: {} while {}", happened.path, happened.incarnation, to_string(happened.kind),
                                  running == 0 ? "nothing of it ran" : fmt::format("#{} ran", running)));
}

path_counts tree_tally::of(std::string_view path) const {
  const std::lock_guard held{mutex_};
  const auto found = lines_.find(path);
  return found != lines_.end() ? found->second.counts : path_counts{};
}

path_counts tree_tally::total() const {
  const std::lock_guard held{mutex_};
  path_counts sum;
  for (const auto& [path, each] : lines_)
    sum += each.counts;
  return sum;
}

std::vector<std::string> tree_tally::faults() const {
  const std::lock_guard held{mutex_};
  std::vector<std::string> all = faults_;
  for (const auto& [path, each] : lines_)
    if (each.running != 0)
      all.push_back(fmt::format("{} #{}: it has no end", path, each.running));
  return all;
}

} // namespace troupe::tools
