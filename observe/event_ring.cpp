#include <troupe/observe/event_ring.hpp>
#include <troupe/observe/text_sink.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe {

void event_ring::on_event(const event& happened) noexcept {
  if (next_ != nullptr)
    next_->on_event(happened);
}

void event_ring::on_bytes(const bytes_event& happened) noexcept {
  if (next_ != nullptr)
    next_->on_bytes(happened);
}

void event_ring::on_tree_event(const tree_event& happened) noexcept {
  try {
    noted_event noted{0, happened.time, happened.kind, std::string(happened.path), happened.incarnation, false, {}};
    // By its words: the error itself may be of a type that is not there any more when somebody looks.
    noted.words = detail::in_words(happened);
    noted.failed = happened.kind == tree_event_kind::gave_up ||
                   (happened.kind == tree_event_kind::ended && happened.reason.kind == exit_kind::failed) ||
                   (happened.kind == tree_event_kind::stopped && happened.reason.kind == exit_kind::failed);
    const std::lock_guard held{mutex_};
    noted.sequence = ++noted_;
    ++counts_[static_cast<std::size_t>(happened.kind)];
    fresh_.push_back(std::move(noted));
    if (fresh_.size() > kept_)
      fresh_.pop_front();
  } catch (...) { // no memory: a gap in the timeline is all that comes of it
  }
  if (next_ != nullptr)
    next_->on_tree_event(happened);
}

void event_ring::collect() {
  std::deque<noted_event> fresh;
  {
    const std::lock_guard held{mutex_};
    fresh.swap(fresh_);
  }
  std::move(fresh.begin(), fresh.end(), std::back_inserter(history_));
  while (history_.size() > kept_)
    history_.pop_front();
}

std::size_t event_ring::uncollected() const {
  const std::lock_guard held{mutex_};
  return fresh_.size();
}

std::vector<const noted_event*> event_ring::since(std::uint64_t sequence) const {
  auto first = std::partition_point(history_.begin(), history_.end(),
                                    [sequence](const noted_event& each) { return each.sequence <= sequence; });
  std::vector<const noted_event*> found;
  for (; first != history_.end(); ++first)
    found.push_back(&*first);
  return found;
}

std::array<std::uint64_t, tree_event_kinds> event_ring::counts() const {
  const std::lock_guard held{mutex_};
  return counts_;
}

std::string to_json(const std::vector<const noted_event*>& events, instant began) {
  using json = nlohmann::ordered_json;
  json all = json::array();
  for (const noted_event* each : events) {
    json made{{"sequence", each->sequence},
              {"at", std::chrono::duration_cast<std::chrono::milliseconds>(each->time - began).count()},
              {"kind", to_string(each->kind)},
              {"path", each->path},
              {"incarnation", each->incarnation},
              {"words", each->words}};
    if (each->failed)
      made["failed"] = true;
    all.push_back(std::move(made));
  }
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace troupe
