#include <troupe/testing/work_rules.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace troupe::detail {

void work_rules::begin_run() noexcept {
  asks_.clear();
  finalizers_.clear();
  failed_.clear();
}

void work_rules::on(const event& happened) {
  switch (happened.kind) {
  case event_kind::wait_begun:
    if (happened.cause == line_of_ask)
      waits_for_answer(happened.subject);
    return;
  case event_kind::ask_sent:
    if (asks_.size() > asks_kept)
      std::erase_if(asks_, [](const ask& each) { return each.answers != 0 && each.ends != 0 && !each.has_reply; });
    asks_.push_back({happened.object, happened.subject});
    return;
  case event_kind::ask_begun:
  case event_kind::ask_answered:
  case event_kind::ask_ended:
  case event_kind::reply_gone:
    return ask_event(happened);
  case event_kind::finalizer_added:
    return finalizer_added(happened);
  case event_kind::finalizer_begun:
  case event_kind::finalizer_ended:
  case event_kind::finalizer_dropped:
    return finalizer_event(happened);
  case event_kind::stack_unwound:
    return stack_unwound(happened);
  default:
    return;
  }
}

void work_rules::ask_event(const event& happened) {
  const auto found =
      std::find_if(asks_.rbegin(), asks_.rend(), [&](const ask& each) { return each.number == happened.object; });
  if (found == asks_.rend())
    return;
  const std::string name = "the ask " + std::to_string(found->number) + " of fiber " + std::to_string(found->asker);
  to_.looked(invariant::one_outcome);
  switch (happened.kind) {
  case event_kind::ask_begun:
    if (found->answers != 0)
      to_.violated(invariant::one_outcome, name + " was begun after it had its answer");
    return begun(*found, happened.subject);
  case event_kind::ask_answered:
    if (++found->answers != 1)
      to_.violated(invariant::one_outcome, name + " was answered twice");
    found->has_value = happened.place == answered_with_value;
    return;
  case event_kind::reply_gone:
    found->has_reply = false;
    return;
  default:
    if (++found->ends != 1)
      to_.violated(invariant::one_outcome, name + " has ended twice");
    if (found->answers == 0)
      to_.violated(invariant::one_outcome, name + " has ended without an outcome");
    if (found->has_value && happened.place == 1)
      to_.violated(invariant::one_outcome, name + " was answered, and its asker is stopped as if it were not");
    return;
  }
}

void work_rules::waits_for_answer(std::uint64_t asker) {
  const auto of = std::find_if(asks_.rbegin(), asks_.rend(),
                               [&](const ask& each) { return each.asker == asker && each.ends == 0; });
  if (of == asks_.rend())
    return;
  to_.looked(invariant::no_stranded_wait);
  if (of->answers != 0)
    to_.violated(invariant::no_stranded_wait, "fiber " + std::to_string(asker) + " waits for an answer that it has");
  if (!std::exchange(of->waited, true))
    of->until = fibers_.earliest_around(asker);
  else if (fibers_.goes_on(of->worked_in))
    to_.violated(invariant::cancel_reaches, "fiber " + std::to_string(of->worked_in.fiber) + " works on for fiber " +
                                                std::to_string(asker) + ", which was stopped and has told it so");
}

/// What is done for others has no more time than they.
void work_rules::begun(ask& which, std::uint64_t worker) {
  which.worked_in = fibers_.innermost(worker);
  const std::int64_t until = which.waited ? which.until : fibers_.earliest_around(which.asker); // not its patience
  if (until == 0)
    return;
  to_.looked(invariant::deadline);
  const std::int64_t has = fibers_.limit_of(which.worked_in);
  if (has == 0 || has > until)
    to_.violated(invariant::deadline,
                 "fiber " + std::to_string(worker) + " works for fiber " + std::to_string(which.asker) +
                     (has == 0 ? ", which has a limit, without one" : " with a later limit than that has itself"));
}

void work_rules::finalizer_added(const event& happened) {
  to_.looked(invariant::cleanup);
  const auto known = std::find_if(finalizers_.begin(), finalizers_.end(),
                                  [&](const finalizer& each) { return each.number == happened.object; });
  if (known != finalizers_.end()) // it was moved
    finalizers_.erase(known);
  finalizers_.push_back({happened.object, happened.cause, happened.place == 1});
}

void work_rules::finalizer_event(const event& happened) {
  const auto found = std::find_if(finalizers_.begin(), finalizers_.end(),
                                  [&](const finalizer& each) { return each.number == happened.object; });
  const std::string name = "a finalizer of fiber " + std::to_string(happened.subject);
  to_.looked(invariant::cleanup);
  if (found == finalizers_.end())
    return to_.violated(invariant::cleanup, name + " is on no stack: it was never put there, or has run");
  if (happened.kind == event_kind::finalizer_ended) {
    if (found->state != finalizer_state::runs)
      to_.violated(invariant::cleanup, name + " has ended before it began");
    if (happened.cause != 0)
      failed_.push_back(found->stack);
    if (happened.cause == 2)
      finalizer_stopped(happened.subject);
    finalizers_.erase(found);
    return;
  }
  if (found->state != finalizer_state::waits)
    to_.violated(invariant::cleanup, name + " is run a second time");
  const bool is_last =
      std::none_of(found + 1, finalizers_.end(), [&](const finalizer& later) { return later.stack == found->stack; });
  if (!is_last)
    to_.violated(invariant::cleanup, name + " is run before one that was put on the stack after it has ended");
  if (happened.kind == event_kind::finalizer_begun) {
    found->state = finalizer_state::runs;
    return;
  }
  if (!found->for_a_failure)
    to_.violated(invariant::cleanup, name + " is not run");
  finalizers_.erase(found);
}

void work_rules::finalizer_stopped(std::uint64_t fiber) {
  to_.looked(invariant::shield);
  if (fibers_.goes_on(fibers_.innermost(fiber)))
    to_.violated(invariant::shield, "a finalizer of fiber " + std::to_string(fiber) + " was stopped, not by its limit");
}

void work_rules::stack_unwound(const event& happened) {
  to_.looked(invariant::errors_kept);
  const std::uint64_t failures = std::erase(failed_, happened.object) + happened.cause;
  if (happened.place < failures)
    to_.violated(invariant::errors_kept, std::to_string(failures) + " errors are those of an exit stack of fiber " +
                                             std::to_string(happened.subject) + " and its block, and it tells of " +
                                             std::to_string(happened.place));
}

void work_rules::at_end() {
  for (const ask& each : asks_) {
    to_.looked(invariant::nothing_left);
    const std::string name = "an ask of fiber " + std::to_string(each.asker);
    if (each.answers == 0 || each.ends == 0)
      to_.violated(invariant::one_outcome, name + " has no outcome at the end of the run");
    if (each.has_reply)
      to_.violated(invariant::nothing_left, "the reply to " + name + " is kept beyond the end of the run");
  }
  for (const finalizer& each : finalizers_)
    to_.violated(invariant::cleanup, each.state == finalizer_state::runs
                                         ? "a finalizer has not ended at the end of the run"
                                         : "a finalizer was put on an exit stack and never run");
}

} // namespace troupe::detail
