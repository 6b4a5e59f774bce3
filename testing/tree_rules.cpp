#include <troupe/supervision/child_spec.hpp>
#include <troupe/supervision/escalated.hpp>
#include <troupe/testing/tree_rules.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

namespace {

constexpr duration shutdown_by_default = std::chrono::seconds{5}; // see child_spec

duration sum_of(duration a, duration b) noexcept { return a > duration::max() - b ? duration::max() : a + b; }

} // namespace

void tree_rules::begin_run() noexcept {
  supervisors_.clear();
  any_budget_ = false;
  told_ = 0;
}

tree_rules::supervisor& tree_rules::supervisor_of(const tree_event& happened) {
  const auto found = std::find_if(supervisors_.begin(), supervisors_.end(),
                                  [&](const supervisor& each) { return each.number == happened.supervisor; });
  supervisor& of = found == supervisors_.end() ? supervisors_.emplace_back() : *found;
  if (!std::exchange(of.is_known, true)) {
    of.number = happened.supervisor;
    of.intensity = happened.options->intensity;
    of.period = happened.options->period;
  }
  of.was_changed = of.was_changed || of.intensity != happened.options->intensity ||
                   of.period != happened.options->period ||
                   (of.placed != 0 && of.strategy != happened.options->strategy);
  of.strategy = happened.options->strategy;
  any_budget_ = any_budget_ || happened.options->budget;
  return of;
}

tree_rules::child* tree_rules::child_of(supervisor& of, std::uint64_t fiber) noexcept {
  const auto found =
      std::find_if(of.children.begin(), of.children.end(), [&](const child& each) { return each.fiber == fiber; });
  return found != of.children.end() ? &*found : nullptr;
}

tree_rules::child& tree_rules::listed(supervisor& of, const tree_event& happened) {
  if (child* const known = child_of(of, happened.child); known != nullptr)
    return *known;
  child& added = of.children.emplace_back();
  added.fiber = happened.child;
  added.path = happened.path;
  added.place = ++of.placed;
  added.listed_at = told_;
  return added;
}

void tree_rules::on(const event& happened) {
  const auto found = std::find_if(supervisors_.begin(), supervisors_.end(),
                                  [&](const supervisor& each) { return each.number == happened.object; });
  if (happened.kind == event_kind::supervises) {
    supervisor& made = supervisors_.emplace_back();
    made.number = happened.object;
    made.owner = happened.subject;
    return;
  }
  if (found == supervisors_.end())
    return;
  if (happened.kind == event_kind::supervisor_closing) {
    found->closing = true;
    found->several_from.reset();
    for (child& each : found->children)
      each.starts_at.reset();
  } else if (happened.kind == event_kind::children_restarted) {
    several_have_begun(*found);
    found->several_from.reset();
  } else if (happened.kind == event_kind::escalation_told) {
    escalated(*found, happened);
  } else if (child* const about = child_of(*found, happened.cause); about != nullptr) {
    on(*about, happened);
  }
}

void tree_rules::on(child& about, const event& happened) {
  switch (happened.kind) {
  case event_kind::child_retired:
    about.retired = true;
    about.starts_at.reset();
    return;
  case event_kind::child_changed:
    about.is_known = false;
    return;
  case event_kind::start_said:
    about.says = true;
    if (happened.place == about.incarnation)
      about.said = about.incarnation;
    return;
  case event_kind::start_answered:
    to_.looked(invariant::errors_kept);
    if (about.has_failed_to_start && happened.place == static_cast<std::uint32_t>(start_answer::failed))
      to_.violated(invariant::errors_kept, about.path + " has failed to start, and who asked for it is not told why");
    return;
  default:
    return;
  }
}

void tree_rules::on(const tree_event& happened) {
  if (happened.supervisor == 0)
    return;
  ++told_;
  supervisor& of = supervisor_of(happened);
  of.changed = happened.time;
  if (happened.kind == tree_event_kind::gave_up)
    return gave_up(of, happened);
  child& about = listed(of, happened);
  about.is_known = true;
  about.shutdown = happened.spec->shutdown;
  about.abandon_after = happened.spec->abandon_after;
  if (happened.kind != tree_event_kind::begun && happened.kind != tree_event_kind::forgotten) {
    to_.looked(invariant::no_stale_event);
    if (happened.incarnation != about.incarnation)
      to_.violated(invariant::no_stale_event, about.path + ": its run " + std::to_string(happened.incarnation) +
                                                  " is " + std::string(to_string(happened.kind)) + ", and its run " +
                                                  std::to_string(about.incarnation) + " was the last");
  }
  switch (happened.kind) {
  case tree_event_kind::begun:
    return begun(of, about, happened);
  case tree_event_kind::started:
    if (about.state == run::down)
      to_.violated(invariant::no_stale_event, about.path + " has started, and does not run");
    if (about.says && about.said != about.incarnation)
      to_.violated(invariant::no_stale_event, about.path + " has started, as somebody says of an earlier run of it");
    if (about.state == run::begun)
      about.state = run::started;
    return;
  case tree_event_kind::restarting:
    return restarting(of, about, happened);
  case tree_event_kind::stopping:
    return stopping(of, about, happened);
  case tree_event_kind::killed:
    to_.looked(invariant::budgeted_stop);
    if (to_.is_on_time && happened.time > saturated(about.stop_began, about.grace))
      to_.violated(invariant::budgeted_stop, about.path + " was killed later than its time was up");
    about.killed = happened.time;
    about.patience = happened.wait;
    return;
  case tree_event_kind::ended:
  case tree_event_kind::stopped:
    return has_ended(about, happened);
  case tree_event_kind::abandoned:
    return abandoned(about, happened);
  case tree_event_kind::forgotten:
    if (about.state != run::down)
      to_.violated(invariant::containment, about.path + " was forgotten while it ran");
    of.children.erase(of.children.begin() + (&about - of.children.data()));
    return;
  case tree_event_kind::gave_up:
    return;
  }
}

// ---- starts ----------------------------------------------------------------------------------------------------------

void tree_rules::begun(supervisor& of, child& begins, const tree_event& happened) {
  to_.looked(invariant::one_incarnation);
  if (begins.state != run::down)
    to_.violated(invariant::one_incarnation, begins.path + " begins anew before its last run has ended");
  if (happened.incarnation != begins.incarnation + 1)
    to_.violated(invariant::no_stale_event, begins.path + ": after its run " + std::to_string(begins.incarnation) +
                                                " comes its run " + std::to_string(happened.incarnation));
  to_.looked(invariant::containment);
  if (of.closing)
    to_.violated(invariant::containment, begins.path + " begins though its supervisor stops all");
  // Of several that are started together a later failure decides how long they wait.
  if (!of.several_from && begins.starts_at && happened.time < *begins.starts_at)
    to_.violated(invariant::deadline, begins.path + " begins before its wait is over");
  to_.looked(invariant::restart_set);
  if (happened.incarnation > 1 && happened.spec->restart == restart_type::temporary)
    to_.violated(invariant::restart_set, begins.path + " begins anew, and is temporary");
  if (is_one_of_several(of, begins))
    for (const child& each : of.children) {
      if (each.place > begins.place && each.state != run::down && each.listed_at <= of.several_since)
        to_.violated(invariant::restart_set,
                     begins.path + " begins anew while " + each.path + ", which is started anew after it, still runs");
      if (each.place < begins.place && each.state == run::begun && !each.on_request && is_one_of_several(of, each))
        to_.violated(invariant::restart_set,
                     begins.path + " begins anew before " + each.path + ", which is started before it, has started");
    }
  begins.on_request = begins.retired;
  begins.begun_at = told_;
  begins.incarnation = happened.incarnation;
  begins.state = run::begun;
  begins.starts_at.reset();
  begins.killed.reset();
  begins.retired = begins.was_ready = begins.has_failed_to_start = false;
}

void tree_rules::restarting(supervisor& of, child& failed, const tree_event& happened) {
  failed.starts_at = saturated(happened.time, happened.wait);
  failed.waits = happened.wait;
  failed.has_failed_to_start = false; // nobody had asked for that start: who asks from now on asks for another
  const restart_from from = restarted_with(of.strategy);
  if (from != restart_from::itself_alone) {
    const std::uint64_t first = from == restart_from::first ? 0 : failed.place;
    if (of.several_from && std::any_of(of.children.begin(), of.children.end(), [&](const child& each) {
          return is_one_of_several(of, each) && each.begun_at > of.several_since;
        }))
      for (const child& each : of.children) // those before it have begun, and stay
        if (is_one_of_several(of, each) && !(each.begun_at > of.several_since && each.state == run::started)) {
          of.several_from = each.place;
          break;
        }
    of.several_from = of.several_from ? std::min(*of.several_from, first) : first;
    of.several_since = told_;
  }
  of.restarts.push_back(happened.time);
  to_.looked(invariant::intensity);
  if (!of.was_changed && restarts_within_period(of, happened.time) > of.intensity)
    to_.violated(invariant::intensity,
                 failed.path + " is restarted, the " + std::to_string(restarts_within_period(of, happened.time)) +
                     "th time within the period of its supervisor, which allows " + std::to_string(of.intensity));
}

/// Of those that are stopped and started anew together.
bool tree_rules::is_one_of_several(const supervisor& of, const child& each) noexcept {
  return of.several_from && !each.retired && each.place >= *of.several_from && each.listed_at <= of.several_since;
}

void tree_rules::several_have_begun(const supervisor& of) {
  to_.looked(invariant::restart_set);
  for (const child& each : of.children)
    if (is_one_of_several(of, each) && each.begun_at <= of.several_since)
      to_.violated(invariant::restart_set, each.path + " is not started anew with the others");
}

std::size_t tree_rules::restarts_within_period(const supervisor& of, instant now) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(of.restarts.begin(), of.restarts.end(), [&](instant each) { return now - each <= of.period; }));
}

void tree_rules::gave_up(supervisor& of, const tree_event& happened) {
  to_.looked(invariant::escalation);
  if (of.gave_up)
    to_.violated(invariant::escalation, std::string(happened.path) + " gives up twice");
  of.gave_up = happened.time;
  if (!is_failure(happened.reason.kind) && happened.reason.kind == exit_kind::normal && happened.reason.error)
    to_.violated(invariant::escalation, std::string(happened.path) + " gives up without a failure");
  to_.looked(invariant::intensity);
  if (!of.was_changed && !any_budget_ && restarts_within_period(of, happened.time) < of.intensity)
    to_.violated(invariant::intensity, std::string(happened.path) + " gives up after " +
                                           std::to_string(restarts_within_period(of, happened.time)) +
                                           " restarts within its period, and may do " + std::to_string(of.intensity));
}

/// What it tells of begins with the first failure that has counted.
void tree_rules::escalated(supervisor& of, const event& happened) {
  to_.looked(invariant::escalation);
  if (!of.gave_up || of.was_changed)
    return;
  const auto counts = [&](instant each) { return *of.gave_up - each <= of.period; };
  const auto first = std::find_if(of.restarts.begin(), of.restarts.end(), counts);
  const auto failures = static_cast<std::size_t>(of.restarts.end() - first) + 1; // and the last one
  const instant since = first != of.restarts.end() ? *first : *of.gave_up;
  const bool all_fit = failures <= troupe::escalated::failures_max;
  if (happened.place != std::min(failures, troupe::escalated::failures_max) ||
      (all_fit && instant{std::chrono::nanoseconds{static_cast<std::int64_t>(happened.cause)}} != since))
    to_.violated(invariant::escalation, "a supervisor gives up after " + std::to_string(failures) +
                                            " failures within its period, and tells of " +
                                            std::to_string(happened.place));
}

// ---- stops -----------------------------------------------------------------------------------------------------------

void tree_rules::stopping(supervisor& of, child& stops, const tree_event& happened) {
  if (stops.state == run::down)
    to_.violated(invariant::no_stale_event, stops.path + " is asked to stop, and does not run");
  stops.was_ready = stops.state == run::started;
  stops.state = run::stopping;
  stops.stop_began = happened.time;
  stops.grace = happened.wait;
  to_.looked(invariant::budgeted_stop);
  if (const std::optional<duration> has = grace_of(stops); has && stops.grace < *has) // of some we have not heard yet
    to_.violated(invariant::budgeted_stop, stops.path + " is given less time to stop than those below it have");
  if (!happened.in_order || of.strategy == restart_strategy::dynamic)
    return;
  if (!of.closing && of.several_from && stops.place < *of.several_from)
    to_.violated(invariant::restart_set, stops.path + " is stopped, to be started anew with those after it, of which "
                                                      "none has failed");
  to_.looked(invariant::stop_order);
  for (const child& each : of.children)
    if (each.place > stops.place && each.state != run::down && (of.closing || each.listed_at <= of.several_since))
      to_.violated(invariant::stop_order,
                   stops.path + " is asked to stop before " + each.path + ", which was started after it, has ended");
}

/// The supervisor that the child is, or has been in this run or an earlier one; null: it is none.
const tree_rules::supervisor* tree_rules::run_by(const child& of) const noexcept {
  const auto found = std::find_if(supervisors_.rbegin(), supervisors_.rend(),
                                  [&](const supervisor& each) { return each.owner == of.fiber; });
  return found != supervisors_.rend() ? &*found : nullptr;
}

/// Empty: that is not to be seen from outside, where a supervisor has stopped all its children, and may be one still.
std::optional<duration> tree_rules::grace_of(const child& of) const noexcept {
  if (of.shutdown)
    return of.shutdown;
  const supervisor* const below = run_by(of);
  if (below == nullptr)
    return shutdown_by_default;
  if (below->closing && below->children.empty())
    return std::nullopt;
  duration within{};
  for (const child& each : below->children) {
    const std::optional<duration> grace = each.is_known ? grace_of(each) : std::nullopt;
    if (!grace)
      return std::nullopt;
    const duration one = sum_of(*grace, abandons_after(each));
    within = below->strategy == restart_strategy::dynamic ? std::max(within, one) : sum_of(within, one);
  }
  return within;
}

duration tree_rules::abandons_after(const child& of) const noexcept {
  const supervisor* const below = run_by(of);
  duration within{};
  if (below != nullptr)
    for (const child& each : below->children)
      within = std::max(within, abandons_after(each));
  return sum_of(of.abandon_after, within);
}

void tree_rules::has_ended(child& ended, const tree_event& happened) {
  if (ended.state == run::down)
    to_.violated(invariant::one_incarnation, ended.path + " has ended twice");
  if (happened.kind == tree_event_kind::ended && ended.state == run::stopping && ended.was_ready)
    to_.violated(invariant::no_stale_event,
                 ended.path + " was asked to stop, and counts as one that has ended by itself");
  ended.has_failed_to_start = happened.kind == tree_event_kind::ended && ended.state == run::begun &&
                              is_failure(happened.reason.kind) && happened.reason.error != nullptr;
  if (ended.state == run::stopping) {
    to_.looked(invariant::budgeted_stop);
    const instant last =
        ended.killed ? saturated(*ended.killed, ended.patience) : saturated(ended.stop_began, ended.grace);
    if (to_.is_on_time && happened.time > last)
      to_.violated(invariant::budgeted_stop, ended.path + " took longer to stop than it may");
  }
  ended.state = run::down;
}

void tree_rules::abandoned(child& left, const tree_event& happened) {
  to_.looked(invariant::budgeted_stop);
  if (!left.killed || happened.time < saturated(*left.killed, left.patience))
    to_.violated(invariant::budgeted_stop, left.path + " was abandoned before its time was up");
  left.state = run::down;
}

// ---- at rest ---------------------------------------------------------------------------------------------------------

bool tree_rules::waits_for_something(const supervisor& of) noexcept {
  return std::any_of(of.children.begin(), of.children.end(),
                     [](const child& each) { return each.state == run::stopping || each.state == run::begun; });
}

void tree_rules::at_rest() {
  for (supervisor& of : supervisors_) {
    if (of.closing || waits_for_something(of))
      continue;
    for (child& each : of.children) {
      if (!each.starts_at)
        continue;
      // Several wait together from when the last of them has stopped.
      const instant due = is_one_of_several(of, each) ? saturated(of.changed, each.waits) : *each.starts_at;
      if (due < to_.now && of.changed < to_.now) {
        to_.violated(invariant::restart_set, each.path + " was to be started anew, and was not");
        each.starts_at.reset();
      }
    }
  }
}

} // namespace troupe::detail
