#include <troupe/observe/text_sink.hpp>
#include <troupe/observe/words.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/testing/event_words.hpp>
#include <troupe/testing/trace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace troupe {

namespace {

constexpr std::size_t still_runs = ~std::size_t{0};

}

trace::trace(verdict& to) noexcept
    : to_(to), fibers_(to), mailboxes_(to), work_(to, fibers_), trees_(to), streams_(to) {}

void trace::begin_run(bool keeps_all) {
  to_.begin_run();
  fibers_.begin_run();
  mailboxes_.begin_run();
  work_.begin_run();
  trees_.begin_run();
  streams_.begin_run();
  tree_.clear();
  events_.clear();
  steps_.clear();
  slices_.clear();
  hangs_.clear();
  paths_.clear();
  waits_.clear();
  keeps_all_ = keeps_all;
  hash_ = 14'695'981'039'346'656'037U;
  seen_ = 0;
}

void trace::on_event(const event& happened) noexcept {
  ++seen_;
  mix(static_cast<std::uint64_t>(happened.time.time_since_epoch().count()));
  mix(static_cast<std::uint64_t>(happened.kind) << 32U | happened.place);
  mix(happened.object);
  mix(happened.subject);
  mix(happened.cause);
  if (keeps_all_) {
    events_.push_back(happened);
    steps_.push_back(to_.step);
  }
  fibers_.on(happened);
  to_.now = happened.time;
  switch (happened.kind) {
  case event_kind::wait_begun:
    if (happened.cause == detail::line_of_ask)
      work_.on(happened);
    return mailboxes_.on(happened);
  case event_kind::ask_sent:
  case event_kind::ask_begun:
  case event_kind::ask_answered:
  case event_kind::ask_ended:
  case event_kind::reply_gone:
  case event_kind::finalizer_added:
  case event_kind::finalizer_begun:
  case event_kind::finalizer_ended:
  case event_kind::finalizer_dropped:
  case event_kind::stack_unwound:
    return work_.on(happened);
  case event_kind::supervisor_closing:
  case event_kind::children_restarted:
  case event_kind::child_retired:
    mailboxes_.on(happened);
    return trees_.on(happened);
  case event_kind::child_changed:
  case event_kind::supervises:
  case event_kind::start_said:
  case event_kind::start_answered:
  case event_kind::escalation_told:
    return trees_.on(happened);
  case event_kind::stream_made:
  case event_kind::stream_cut:
  case event_kind::stream_ended:
  case event_kind::stream_shut:
  case event_kind::stream_reset:
  case event_kind::stream_closed:
    return streams_.on(happened);
  case event_kind::fault_injected:
    if (happened.object == static_cast<std::uint64_t>(fiber::harm::hang))
      hangs_.push_back(happened.subject);
    return mailboxes_.on(happened);
  default:
    return mailboxes_.on(happened);
  }
}

void trace::on_bytes(const bytes_event& happened) noexcept {
  ++seen_;
  mix(happened.stream << 1U | static_cast<std::uint64_t>(happened.how));
  for (const std::byte each : happened.bytes)
    mix(static_cast<std::uint64_t>(each));
  streams_.on(happened);
}

void trace::on_tree_event(const tree_event& happened) noexcept {
  ++seen_;
  to_.now = happened.time;
  mix(static_cast<std::uint64_t>(happened.time.time_since_epoch().count()));
  mix(static_cast<std::uint64_t>(happened.kind) << 32U | happened.incarnation);
  mix(happened.child);
  mix(static_cast<std::uint64_t>(happened.wait.count()));
  tree_.push_back({happened.time, to_.step, happened.kind, std::string(happened.path), happened.incarnation,
                   happened.reason, happened.wait, happened.child, events_.size()});
  fibers_.on(happened);
  trees_.on(happened);
}

void trace::after_step() {
  if (!slices_.empty() && slices_.back().tree_until == still_runs) {
    slices_.back().events_until = events_.size();
    slices_.back().tree_until = tree_.size();
  }
  fibers_.after_step();
  mailboxes_.after_step();
}

void trace::at_rest(instant now) {
  to_.now = std::max(to_.now, now);
  trees_.at_rest();
  mailboxes_.at_rest();
}

void trace::at_end(instant now) {
  to_.now = std::max(to_.now, now);
  fibers_.at_end();
  mailboxes_.at_end();
  work_.at_end();
}

std::string_view trace::wait_of(std::uint64_t line) const {
  const auto found = waits_.find(line);
  return found != waits_.end() ? std::string_view{found->second} : "go on";
}

void trace::note_run(const fiber& next) {
  paths_.emplace(next.number(), next.path());
  if (const char* const waited_to = next.waits_to(); waited_to != nullptr)
    waits_.emplace(wait_line(waited_to), waited_to);
  slices_.push_back(
      {next.number(), to_.step, next.runs_on().time().now(), events_.size(), still_runs, tree_.size(), still_runs});
}

std::string trace::path_of(std::uint64_t fiber) const {
  const auto found = paths_.find(fiber);
  return found != paths_.end() ? found->second : "fiber " + std::to_string(fiber);
}

std::string story_of(const trace& run) {
  std::string text;
  const auto line = [&](instant at, const std::string& who, const std::string& what) {
    text += fmt::format("  {:>10.6f}  {:<24}  {}\n", std::chrono::duration<double>(at.time_since_epoch()).count(), who,
                        what);
  };
  // Both are in their order; within a step what harms comes before what it leads to.
  std::size_t next = 0;
  const auto tell_events_until = [&](std::uint64_t step) {
    for (; next != run.events().size() && run.steps()[next] <= step; ++next) {
      const event& each = run.events()[next];
      if (const std::string words = detail::in_words(each); !words.empty())
        line(each.time, detail::in_one_line(run.path_of(detail::told_of(each))), words);
    }
  };
  for (const tree_record& each : run.tree()) {
    tell_events_until(each.step);
    const tree_event told{each.time, each.kind, each.path, each.incarnation, each.reason, each.wait};
    line(each.time,
         detail::in_one_line(each.path) +
             (each.kind == tree_event_kind::gave_up ? "" : " #" + std::to_string(each.incarnation)),
         detail::in_words(told));
  }
  tell_events_until(~std::uint64_t{0});
  return text;
}

std::string last_steps_of(const trace& run, std::size_t lines_max) {
  std::string text;
  const std::vector<slice_record>& all = run.slices();
  for (std::size_t i = all.size() - std::min(all.size(), lines_max); i != all.size(); ++i) {
    std::string what;
    const std::size_t until = std::min(all[i].events_until, run.events().size());
    for (std::size_t at = all[i].events_from; at < until; ++at) {
      const event& each = run.events()[at];
      if (each.subject != all[i].fiber)
        continue;
      std::string words = detail::in_words(each);
      if (each.kind == event_kind::item_queued || each.kind == event_kind::item_handed)
        words = fmt::format("sends to mailbox {}", each.object);
      else if (each.kind == event_kind::items_claimed || each.kind == event_kind::items_taken)
        words = fmt::format("takes from mailbox {}", each.object);
      else if (each.kind == event_kind::wait_begun)
        words = fmt::format("waits to {}", run.wait_of(each.cause));
      else if (each.kind == event_kind::fiber_ended && words.empty())
        words = "ends";
      what += words.empty() ? "" : (what.empty() ? "" : ", ") + words;
    }
    text +=
        fmt::format("  {:>10.6f}  {:<24}  {}\n", std::chrono::duration<double>(all[i].time.time_since_epoch()).count(),
                    detail::in_one_line(run.path_of(all[i].fiber)), what.empty() ? "runs" : what);
  }
  return text;
}

} // namespace troupe
