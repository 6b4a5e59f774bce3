#include <troupe/scope/fiber.hpp>
#include <troupe/testing/fiber_rules.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace troupe::detail {

namespace {

std::string fiber_name(std::uint64_t number) { return "fiber " + std::to_string(number); }

} // namespace

void fiber_rules::begin_run() noexcept {
  for (std::size_t number = 0; number < used_; ++number) { // the memory stays
    fiber& each = fibers_[number];
    each.known = each.alive = each.waits = each.shielded_wait = each.disowned = each.stops = each.drains = false;
    each.depth = 0;
    each.next_limit = 0;
  }
  used_ = 0;
  entered_ = 0;
  cancelled_in_this_step_ = false;
  with_deadlines_ = 0;
}

fiber_rules::fiber& fiber_rules::at(std::uint64_t number) {
  if (number >= fibers_.size())
    fibers_.resize(number + 16);
  used_ = std::max<std::size_t>(used_, number + 1);
  return fibers_[number];
}

fiber_rules::scope* fiber_rules::scope_at(std::uint64_t number, std::uint32_t place) {
  fiber& of = at(number);
  return of.known && place < of.depth ? &of.scopes[place] : nullptr;
}

void fiber_rules::on(const event& happened) {
  if (with_deadlines_ != 0)
    look_at_deadlines(happened.time);
  switch (happened.kind) {
  case event_kind::fiber_started:
    return started(happened);
  case event_kind::fiber_ended:
    return ended(happened);
  case event_kind::wait_begun:
    return wait_begun(happened);
  case event_kind::wait_stopped:
    to_.looked(invariant::shield);
    if (at(happened.subject).shielded_wait)
      to_.violated(invariant::shield, "a shielded wait of " + fiber_name(happened.subject) + " was ended by a cancel");
    [[fallthrough]];
  case event_kind::wait_granted:
  case event_kind::wait_taken_back:
    at(happened.subject).waits = false;
    return;
  case event_kind::cancel_requested:
    return cancelled(happened, stopping::unshielded);
  case event_kind::commits_cancelled:
    return cancelled(happened, stopping::commits_too);
  case event_kind::stop_taken:
    return stop_taken(happened);
  case event_kind::scope_entered:
    return entered(happened);
  case event_kind::scope_left:
    return left(happened);
  case event_kind::limit_begun:
    return limit_begun(happened);
  case event_kind::deadline_set:
    return deadline_set(happened);
  case event_kind::group_ended:
    return group_ended(happened);
  case event_kind::child_drains:
    at(happened.cause).drains = true;
    return;
  default:
    return;
  }
}

void fiber_rules::on(const tree_event& happened) {
  switch (happened.kind) {
  case tree_event_kind::begun:
    at(happened.child).stops = at(happened.child).drains = false;
    return;
  case tree_event_kind::stopping:
    at(happened.child).stops = true;
    return;
  case tree_event_kind::killed:
    return killed(happened.child);
  case tree_event_kind::abandoned:
    return abandoned(happened.child);
  default:
    return;
  }
}

// ---- who owns whom ---------------------------------------------------------------------------------------------------

void fiber_rules::started(const event& happened) {
  fiber& added = at(happened.object);
  added.known = added.alive = true;
  added.waits = added.shielded_wait = false;
  added.parent = happened.cause;
  added.place = happened.place;
  added.depth = 1;
  if (added.scopes.empty())
    added.scopes.emplace_back();
  added.scopes[0] = scope{};
  added.scopes[0].entered = ++entered_;
  if (happened.cause == 0)
    return;
  scope* const group = scope_at(happened.cause, happened.place);
  fiber& child = at(happened.object); // the vector may have grown
  to_.looked(invariant::containment);
  if (group == nullptr) {
    to_.violated(invariant::containment,
                 fiber_name(happened.object) + " was started in a group that was left, or never entered");
    return;
  }
  ++group->children;
  child.scopes[0].here = group->here;
  to_.looked(invariant::cancel_reaches);
  if (group->here != stopping::no)
    to_.violated(invariant::cancel_reaches,
                 fiber_name(happened.object) + " was started in a group that is being stopped");
}

void fiber_rules::ended(const event& happened) {
  fiber& gone = at(happened.object);
  if (!gone.known)
    return;
  to_.looked(invariant::containment);
  if (!gone.alive)
    to_.violated(invariant::nothing_left, fiber_name(happened.object) + " has ended twice");
  if (gone.depth > 1)
    to_.violated(invariant::containment, fiber_name(happened.object) + " has ended in a scope that it has not left");
  gone.alive = gone.waits = false;
  gone.depth = 0;
  if (gone.parent == 0)
    return;
  if (scope* const group = scope_at(gone.parent, gone.place); group != nullptr && group->children != 0) {
    --group->children;
    group->failed += happened.cause == 1 ? 1 : 0;
  } else {
    to_.violated(invariant::containment, fiber_name(happened.object) + " has ended after its owner");
  }
}

void fiber_rules::abandoned(std::uint64_t number) {
  fiber& disowned = at(number);
  if (!disowned.known || disowned.parent == 0)
    return;
  if (scope* const group = scope_at(disowned.parent, disowned.place); group != nullptr && group->children != 0)
    --group->children;
  disowned.parent = 0;
  disowned.disowned = true;
}

void fiber_rules::killed(std::uint64_t number) {
  const fiber& of = at(number);
  if (!of.known || !of.alive)
    return;
  to_.looked(invariant::cancel_reaches);
  for (std::uint32_t place = 0; place < of.depth; ++place)
    if ((of.scopes[place].traits & scope_of_run) != 0 && of.scopes[place].own != stopping::commits_too)
      to_.violated(invariant::cancel_reaches, fiber_name(number) + " is killed, and what it runs does not hear of it");
}

void fiber_rules::group_ended(const event& happened) {
  const scope* const group = scope_at(happened.subject, happened.place);
  if (group == nullptr)
    return;
  to_.looked(invariant::errors_kept);
  if (group->children != 0)
    to_.violated(invariant::containment, "a group of " + fiber_name(happened.subject) + " has ended before " +
                                             std::to_string(group->children) + " of its children");
  // The body's own failure may be one more.
  if (happened.object < group->failed || happened.object > group->failed + std::uint64_t{1})
    to_.violated(invariant::errors_kept, std::to_string(group->failed) + " children of a group of " +
                                             fiber_name(happened.subject) + " have failed, and it tells of " +
                                             std::to_string(happened.object) + " failures");
}

void fiber_rules::at_end() {
  to_.looked(invariant::nothing_left);
  for (std::size_t number = 0; number < used_; ++number)
    if (fibers_[number].known && fibers_[number].alive)
      to_.violated(invariant::nothing_left, fiber_name(number) + " is left at the end of the run");
}

// ---- scopes and cancels ----------------------------------------------------------------------------------------------

/// What a stop around a scope is in it.
fiber_rules::stopping fiber_rules::through(const scope& into, stopping around) noexcept {
  if ((into.traits & scope_hides_all) != 0)
    return stopping::no;
  if ((into.traits & scope_hides_cancels) != 0)
    return around == stopping::commits_too ? around : stopping::no;
  return around;
}

void fiber_rules::entered(const event& happened) {
  fiber& of = at(happened.subject);
  if (!of.known)
    return;
  of.depth = happened.place + 1;
  if (of.scopes.size() < of.depth)
    of.scopes.resize(of.depth);
  scope& made = of.scopes[happened.place];
  made = scope{};
  made.entered = ++entered_;
  made.traits = static_cast<std::uint8_t>(happened.object);
  made.here = through(made, of.scopes[happened.place - 1].here);
}

void fiber_rules::left(const event& happened) {
  scope* const gone = scope_at(happened.subject, happened.place);
  if (gone == nullptr)
    return;
  to_.looked(invariant::containment);
  if (gone->children != 0)
    to_.violated(invariant::containment, "a group of " + fiber_name(happened.subject) + " was left before " +
                                             std::to_string(gone->children) + " of its children had ended");
  with_deadlines_ -= gone->expires ? 1 : 0;
  at(happened.subject).depth = happened.place;
}

void fiber_rules::cancelled(const event& happened, stopping far) {
  scope* const of = scope_at(happened.object, happened.place);
  if (of == nullptr)
    return;
  const bool by_deadline = happened.cause == static_cast<std::uint64_t>(cancel_reason::deadline);
  if (by_deadline && of->deadline != 0) {
    to_.looked(invariant::deadline);
    if (happened.time.time_since_epoch().count() < of->deadline)
      to_.violated(invariant::deadline, "a limit of " + fiber_name(happened.object) + " has acted before its time");
  }
  fiber& owner = at(happened.object);
  owner.drains = owner.drains && far != stopping::commits_too; // it was killed
  if (owner.drains && (of->traits & scope_of_run) != 0 &&
      happened.cause == static_cast<std::uint64_t>(cancel_reason::shutdown))
    to_.violated(invariant::drain, fiber_name(happened.object) + " is cancelled though it drains");
  of->own = std::max(of->own, far);
  with_deadlines_ -= of->expires ? 1 : 0;
  of->expires = false; // what comes of it is looked at elsewhere
  cancelled_in_this_step_ = true;
  spread();
}

/// Computes anew what each scope is told by those around it: parents have lower numbers than their children.
void fiber_rules::spread() {
  for (std::size_t number = 0; number < used_; ++number) {
    fiber& each = fibers_[number];
    if (!each.known || each.depth == 0)
      continue;
    stopping around = stopping::no;
    if (each.parent != 0)
      if (const scope* const group = scope_at(each.parent, each.place); group != nullptr)
        around = group->here;
    for (std::uint32_t place = 0; place < each.depth; ++place) {
      scope& in = each.scopes[place];
      // Sticky: whom a cancel has reached it has reached, also an owner that has gone.
      in.here = std::max({in.here, in.own, through(in, around)});
      around = in.here;
    }
  }
}

void fiber_rules::wait_begun(const event& happened) {
  fiber& of = at(happened.subject);
  if (!of.known || of.depth == 0)
    return;
  of.waits = true;
  of.shielded_wait = happened.place == static_cast<std::uint32_t>(troupe::fiber::wait_kind::shielded);
  to_.looked(invariant::cancel_reaches);
  if (!of.shielded_wait && of.scopes[of.depth - 1].here != stopping::no)
    to_.violated(invariant::cancel_reaches, fiber_name(happened.subject) + " begins to wait though it is to stop");
  const auto run = std::find_if(of.scopes.begin(), of.scopes.begin() + of.depth,
                                [](const scope& each) { return (each.traits & scope_of_run) != 0; });
  if (of.stops && !of.drains && run != of.scopes.begin() + of.depth && run->own == stopping::no)
    to_.violated(invariant::cancel_reaches,
                 fiber_name(happened.subject) + " was asked to stop, and does not hear of it");
}

void fiber_rules::stop_taken(const event& happened) {
  std::uint64_t number = happened.subject;
  if (!at(number).known)
    return;
  to_.looked(invariant::shield);
  std::uint32_t place = at(number).depth;
  const scope* const target = scope_at(happened.object, happened.place);
  if (target == nullptr || target->own == stopping::no) {
    to_.violated(invariant::shield, fiber_name(number) + " is stopped by a scope that nobody has cancelled");
    return;
  }
  // From the innermost scope outwards, up to the one that was cancelled.
  while (place != 0 || at(number).parent != 0) {
    if (place == 0) {
      const fiber& of = at(number);
      place = of.place + 1;
      number = of.parent;
      continue;
    }
    const scope* const passed = scope_at(number, --place);
    if (passed == nullptr || passed == target)
      return;
    const bool hides = (passed->traits & scope_hides_all) != 0 ||
                       ((passed->traits & scope_hides_cancels) != 0 && target->own != stopping::commits_too);
    if (hides) {
      to_.violated(invariant::shield, fiber_name(happened.subject) + " is stopped in a shield, by a cancel outside");
      return;
    }
  }
  if (!at(number).disowned) // else what was around it is not known any more
    to_.violated(invariant::shield, fiber_name(happened.subject) + " is stopped by a scope that is not around it");
}

void fiber_rules::after_step() {
  if (!cancelled_in_this_step_)
    return;
  cancelled_in_this_step_ = false;
  for (std::size_t number = 0; number < used_; ++number) {
    const fiber& each = fibers_[number];
    if (each.known && each.waits && !each.shielded_wait && each.depth != 0 &&
        each.scopes[each.depth - 1].here != stopping::no)
      to_.violated(invariant::cancel_reaches, fiber_name(number) + " still waits though it is to stop");
  }
}

// ---- limits ----------------------------------------------------------------------------------------------------------

void fiber_rules::limit_begun(const event& happened) {
  const instant until = saturated(happened.time, duration{static_cast<std::int64_t>(happened.cause)});
  // One that never passes is not set.
  at(happened.subject).next_limit = until != instant::max() ? until.time_since_epoch().count() : 0;
}

void fiber_rules::deadline_set(const event& happened) {
  scope* const limited = scope_at(happened.subject, happened.place);
  if (limited == nullptr)
    return;
  limited->expires = happened.object == 0;
  limited->deadline = static_cast<std::int64_t>(happened.cause);
  with_deadlines_ += limited->expires ? 1 : 0;
  const std::int64_t wanted = std::exchange(at(happened.subject).next_limit, 0);
  to_.looked(invariant::deadline);
  if (wanted != 0 && wanted != limited->deadline)
    to_.violated(invariant::deadline, "a limit of " + fiber_name(happened.subject) +
                                          " does not last as long as it was given, from its beginning");
}

fiber_rules::scope_mark fiber_rules::innermost(std::uint64_t number) const noexcept {
  if (number >= used_ || !fibers_[number].known || fibers_[number].depth == 0)
    return {};
  const std::uint32_t place = fibers_[number].depth - 1;
  return {number, place, fibers_[number].scopes[place].entered};
}

const fiber_rules::scope* fiber_rules::find(std::uint64_t number, std::uint32_t place) const noexcept {
  return number < used_ && fibers_[number].known && place < fibers_[number].depth ? &fibers_[number].scopes[place]
                                                                                  : nullptr;
}

const fiber_rules::scope* fiber_rules::find(const scope_mark& at) const noexcept {
  const scope* const there = find(at.fiber, at.place);
  return there != nullptr && there->entered == at.entered ? there : nullptr;
}

bool fiber_rules::goes_on(const scope_mark& at) const noexcept {
  const scope* const of = find(at);
  return of != nullptr && of->own == stopping::no;
}

std::int64_t fiber_rules::limit_of(const scope_mark& at) const noexcept {
  const scope* const of = find(at);
  return of != nullptr ? of->deadline : 0;
}

std::int64_t fiber_rules::earliest_around(std::uint64_t number) const noexcept {
  std::int64_t earliest = 0;
  std::uint32_t places = innermost(number).entered != 0 ? fibers_[number].depth : 0;
  while (places != 0 || (number < used_ && fibers_[number].parent != 0)) {
    if (places == 0) {
      places = fibers_[number].place + 1;
      number = fibers_[number].parent;
      continue;
    }
    const scope* const around = find(number, --places);
    if (around == nullptr)
      break;
    if (around->deadline != 0 && (earliest == 0 || around->deadline < earliest))
      earliest = around->deadline;
    if ((around->traits & (scope_hides_cancels | scope_hides_all)) != 0)
      break;
  }
  return earliest;
}

void fiber_rules::look_at_deadlines(instant now) {
  if (now == to_.now)
    return;
  const std::int64_t at = now.time_since_epoch().count();
  for (std::size_t number = 0; number < used_; ++number) {
    fiber& each = fibers_[number];
    for (std::uint32_t place = 0; each.known && place < each.depth; ++place)
      if (each.scopes[place].expires && each.scopes[place].deadline < at) {
        to_.violated(invariant::deadline, "a limit of " + fiber_name(number) + " did not act when its time had come");
        each.scopes[place].expires = false;
        --with_deadlines_;
      }
  }
}

} // namespace troupe::detail
