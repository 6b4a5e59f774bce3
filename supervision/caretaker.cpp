#include <troupe/mailbox/mailbox_core.hpp>
#include <troupe/scope/backoff.hpp>
#include <troupe/scope/observed_scope.hpp>
#include <troupe/supervision/caretaker.hpp>
#include <troupe/supervision/supervisor_core.hpp>

#include <mutex>
#include <stdexcept>
#include <utility>

namespace troupe::detail {

void caretaker::tell(node_facts& facts) const noexcept { facts.kind = node_kind::caretaker; }

void caretaker::look_at(supervised_child& child, std::uint8_t what) noexcept {
  const auto is = [what](news which) { return (what & supervised_child::bit(which)) != 0; };
  if (is(news::added))
    enlist(child);
  if (child.listed_ && is(news::reconfigured))
    reconfigure(child);
  if (!child.listed_)
    return;
  if (is(news::started) && child.state_ == child_status::starting) {
    clear_timer(child);
    child.has_started_ = true;
    core_.set_state(child, child_status::running);
    tell(child, tree_event_kind::started);
    core_.answer(child, request::done);
    go_on();
  }
  if (is(news::asked_to_stop))
    child.wanted_ = false; // first: a run that has ended by now is not started anew
  if (is(news::ended))
    run_ended(child);
  else if (is(news::time) && timer_has_fired(child))
    time_is_up(child);
  if (!child.listed_)
    return;
  if (is(news::asked_to_stop))
    stop_for_good(child);
  if (!child.listed_)
    return; // it never had started, so that was the end of it
  if (is(news::asked_to_start) && is(news::asked_to_stop))
    core_.answer(child, request::failed); // both at once: the stop is what holds
  else if (is(news::asked_to_start))
    start_again(child);
  if (is(news::asked_to_go) && child.state_ == child_status::down)
    forget(child);
}

void caretaker::stop_for_good(supervised_child& child) noexcept {
  switch (child.state_) {
  case child_status::down: // it may have been stopped with others, to be started with them
    retire(child);
    return child.has_started_ ? core_.answer(child, request::failed) : forget(child);
  case child_status::backing_off:
    return has_stopped(child);
  case child_status::stopping:
    child.timed_out_ = false; // what it ends as is of no interest any more
    return;
  case child_status::starting:
  case child_status::running:
    return begin_stop(child, stops::alone);
  }
}

void caretaker::start_again(supervised_child& child) noexcept {
  if (closing_ || child.state_ != child_status::down)
    return core_.answer(child, request::refused);
  child.wanted_ = true;
  child.in_a_row_ = 0;
  if (!its_turn_comes(child))
    begin_run(child);
}

/// True for one of several children that will be started in their order.
bool caretaker::its_turn_comes(const supervised_child& child) const noexcept {
  if (several_.from == nullptr || child.place_ < several_.from->place_)
    return false;
  return several_.stopping || several_.failed != nullptr ||
         (several_.at != nullptr && child.place_ >= several_.at->place_);
}

void caretaker::reconfigure_if_asked() noexcept {
  const std::lock_guard held{core_.lock_};
  if (!core_.wanted_options_)
    return;
  core_.options_ = *std::exchange(core_.wanted_options_, std::nullopt);
  window_.limit(core_.options_.intensity, core_.options_.period);
}

void caretaker::reconfigure(supervised_child& child) noexcept {
  const bool was_significant = child.spec_.significant;
  {
    const std::lock_guard held{core_.lock_};
    if (!child.wanted_spec_)
      return;
    child.spec_ = *std::exchange(child.wanted_spec_, std::nullopt);
  }
  core_.tell_of(child, event_kind::child_changed);
  const bool is_down = child.state_ == child_status::down;
  if (!child.retired_ && child.spec_.significant != was_significant)
    significant_ = child.spec_.significant ? significant_ + 1 : significant_ - 1;
  if (is_down && child.spec_.restart == restart_type::temporary)
    forget(child); // as if it had been when it ended
}

void caretaker::stop_all_if_asked() noexcept {
  {
    const std::lock_guard held{core_.lock_};
    if (!core_.shutdown_asked_ || closing_)
      return;
  }
  stop_all();
}

bool caretaker::close_if_done() noexcept {
  const std::lock_guard held{core_.lock_};
  core_.closed_ = closing_ && core_.first_ == nullptr && core_.being_added_ == 0 && core_.first_news_ == nullptr;
  return core_.closed_;
}

// ---- coming and going ------------------------------------------------------------------------------------------------

void caretaker::enlist(supervised_child& child) noexcept {
  std::exception_ptr why;
  try {
    if (closing_)
      why = nullptr;
    else if (core_.count_.listed >= core_.options_.children_max)
      why = std::make_exception_ptr(std::length_error("supervisor::start: there are " +
                                                      std::to_string(core_.count_.listed) +
                                                      " children, and no more are allowed"));
    else {
      const std::lock_guard held{core_.lock_}; // allocates under it: who looks for a name waits for that
      if (child.spec_.name.empty() || core_.by_name_.emplace(child.spec_.name, &child).second)
        child.listed_ = true;
    }
    if (!closing_ && !child.listed_ && !why)
      why = std::make_exception_ptr(
          std::invalid_argument("supervisor::start: there is a child \"" + child.name_ + "\" already"));
  } catch (...) {
    why = std::current_exception();
  }
  if (!child.listed_) {
    core_.give_order(child, order::leave);
    core_.answer(child, request::refused, std::move(why));
    return;
  }
  child.keep();
  child.place_ = ++placed_;
  significant_ += child.spec_.significant ? 1 : 0;
  {
    const std::lock_guard held{core_.lock_};
    child.previous_ = core_.last_;
    (core_.last_ != nullptr ? core_.last_->next_ : core_.first_) = &child;
    core_.last_ = &child;
    ++core_.count_.listed;
  }
  if (!its_turn_comes(child)) // else it depends on those that are started before it
    begin_run(child);
}

void caretaker::forget(supervised_child& child) noexcept {
  tell(child, tree_event_kind::forgotten);
  core_.give_order(child, order::leave);
  if (several_.at == &child)
    several_.at = several_.stopping ? child.previous_ : child.next_;
  if (several_.from == &child)
    several_.from = child.next_;
  if (several_.failed == &child)
    several_.failed = nullptr;
  if (child.spec_.significant && !child.retired_)
    --significant_;
  {
    wakeups woken;
    const std::lock_guard held{core_.lock_};
    child.listed_ = false; // with the answer: from now on nothing is asked of it
    core_.answer_locked(child, request::failed, nullptr, woken);
    (child.previous_ != nullptr ? child.previous_->next_ : core_.first_) = child.next_;
    (child.next_ != nullptr ? child.next_->previous_ : core_.last_) = child.previous_;
    if (!child.spec_.name.empty())
      core_.by_name_.erase(child.spec_.name);
    --core_.count_.listed;
    supervisor_core::wake_waiting(child, woken);
  }
  child.drop(); // whoever called has one, too: the news
}

// ---- one run ---------------------------------------------------------------------------------------------------------

void caretaker::begin_run(supervised_child& child) noexcept {
  child.run_began_ = core_.now();
  child.timed_out_ = child.kill_sent_ = false;
  const bool was_retired = std::exchange(child.retired_, false);
  if (was_retired && child.spec_.significant)
    ++significant_;
  const order what = was_retired ? order::run_again : order::run;
  bool has_started = false;
  {
    wakeups woken;
    const std::lock_guard held{core_.lock_};
    ++child.incarnation_;
    child.ended_well_ = false;
    child.stop_asked_ = child.killed_ = child.retires_ = false;
    // Where nobody waits for it, it has started at once.
    has_started = !child.says_when_started_ && child.start_ != request::pending && several_.from == nullptr;
    core_.set_state_locked(child, has_started ? child_status::running : child_status::starting, woken);
    core_.give_order_locked(child, what, woken);
  }
  child.has_started_ = child.has_started_ || has_started;
  tell(child, tree_event_kind::begun);
  if (has_started)
    tell(child, tree_event_kind::started);
  if (child.says_when_started_)
    set_timer(child, child.spec_.start_timeout);
}

void caretaker::begin_stop(supervised_child& child, stops how) noexcept {
  reconfigure(child); // it may have been told later than what stops it, and asked for before
  clear_timer(child);
  core_.set_state(child, child_status::stopping);
  const bool for_good = closing_ || !child.wanted_;
  const bool drains = for_good && child.drains();
  if (drains)
    core_.tell_of(child, event_kind::child_drains);
  duration grace{};
  {
    const std::lock_guard held{core_.lock_};
    grace = supervisor_core::grace_of(child);
    child.stop_asked_ = !drains;
    child.retires_ = for_good;
    if (!drains && grace > duration::zero() && child.run_ != nullptr)
      child.run_->cancel(cancel_reason::shutdown);
  }
  if (drains)
    child.refuse_all(); // a run that has not begun does so when it begins
  tell(child, tree_event_kind::stopping, {}, grace, how);
  if (grace > duration::zero())
    set_timer(child, grace);
  else
    kill(child);
}

void caretaker::kill(supervised_child& child) noexcept {
  child.kill_sent_ = true;
  duration patience{};
  {
    const std::lock_guard held{core_.lock_};
    patience = supervisor_core::abandons_after(child);
    child.killed_ = true;
    if (child.run_ != nullptr)
      child.run_->cancel_commits(cancel_reason::shutdown);
  }
  tell(child, tree_event_kind::killed, {}, patience);
  set_timer(child, patience);
}

void caretaker::abandon(supervised_child& child) noexcept {
  {
    const std::lock_guard held{core_.lock_};
    if ((child.news_ & supervised_child::bit(news::ended)) != 0)
      return; // it has ended at this moment
    core_.hosts_->disown(*child.host_);
    child.abandoned_ = true;
  }
  child.be_abandoned(); // it will not take anything any more, though it has not let go of it
  core_.set_state(child, child_status::down);
  tell(child, tree_event_kind::abandoned);
  forget(child);
  go_on();
}

void caretaker::time_is_up(supervised_child& child) noexcept {
  const child_status state = child.state_;
  clear_timer(child);
  switch (state) {
  case child_status::starting:
    child.timed_out_ = true;
    return begin_stop(child, stops::alone);
  case child_status::stopping:
    return child.kill_sent_ ? abandon(child) : kill(child);
  case child_status::backing_off:
    if (closing_ || &child == several_.failed) {
      core_.set_state(child, child_status::down);
      several_.failed = nullptr;
      return go_on();
    }
    return begin_run(child);
  case child_status::down:
  case child_status::running:
    return;
  }
}

// ---- how a run has ended ---------------------------------------------------------------------------------------------

void caretaker::run_ended(supervised_child& child) noexcept {
  clear_timer(child);
  exit_reason how;
  child_status was{};
  {
    const std::lock_guard held{core_.lock_};
    how = std::exchange(child.exit_, {});
    was = child.state_;
  }
  const bool was_stopped = was == child_status::stopping && !child.timed_out_;
  if (child.timed_out_)
    how = {exit_kind::failed, time_out_of(child)};
  tell(child, was_stopped ? tree_event_kind::stopped : tree_event_kind::ended, how);
  if (was_stopped)
    return has_stopped(child);
  if (closing_) {
    core_.set_state(child, child_status::down);
    return go_on();
  }
  if (was == child_status::running)
    return has_ended(child, std::move(how));
  has_not_started(child, std::move(how));
}

/// Asked to, or before it was started anew.
void caretaker::has_stopped(supervised_child& child) noexcept {
  clear_timer(child);
  if (several_.failed == &child)
    several_.failed = nullptr;
  if (child.is_over())
    child.wanted_ = false; // by its address
  const bool starts_with_others = child.wanted_ && its_turn_comes(child);
  if (starts_with_others) {
    core_.give_order(child, order::prepare);
    core_.set_state(child, child_status::down);
    if (child.spec_.restart == restart_type::temporary)
      forget(child);
  } else {
    goes_down(child, request::failed, nullptr);
    if (!child.has_started_ && child.listed_)
      forget(child);
  }
  go_on();
}

/// Its run has ended before it had started.
void caretaker::has_not_started(supervised_child& child, exit_reason&& how) noexcept {
  const bool ignored = how.kind == exit_kind::normal;
  const bool was_asked_for = start_is_awaited(child);
  if (!was_asked_for && child.wanted_ && !child.is_over() &&
      (is_failure(how.kind) || (!ignored && restarts_after(child.spec_.restart, how.kind))))
    return restart(child, std::move(how));
  if (several_.at == &child && !several_.stopping)
    several_.at = child.next_;
  if (child.is_over())
    child.wanted_ = false; // not with others either
  child.has_started_ = child.has_started_ || ignored;
  goes_down(child, ignored ? request::done : request::failed, std::move(how.error));
  if (!child.has_started_ && child.listed_)
    forget(child); // it never was a child
  go_on();
}

/// By itself, after it had started.
void caretaker::has_ended(supervised_child& child, exit_reason&& how) noexcept {
  const bool is_over = child.is_over();
  if (!is_over && child.wanted_ && restarts_after(child.spec_.restart, how.kind))
    return restart(child, std::move(how));
  if (is_over)
    child.wanted_ = false; // not with others either
  const bool counts = child.spec_.significant;
  if (several_.at == &child && !several_.stopping)
    several_.at = child.next_;
  child.ended_well_ = how.kind == exit_kind::normal;
  goes_down(child, request::failed, nullptr);
  if (counts && (core_.options_.stops == auto_shutdown::any_significant ||
                 (core_.options_.stops == auto_shutdown::all_significant && significant_ == 0)))
    return stop_all();
  go_on();
}

/// Nothing of it runs, and it is not started anew by itself: who waits for its start is told so with it.
void caretaker::goes_down(supervised_child& child, request how, std::exception_ptr error) noexcept {
  child.refuse_all(); // before anybody is told that it is down
  {
    wakeups woken;
    const std::lock_guard held{core_.lock_};
    core_.answer_locked(child, how, std::move(error), woken);
    core_.set_state_locked(child, child_status::down, woken);
  }
  if (child.spec_.restart == restart_type::temporary || core_.options_.strategy == restart_strategy::dynamic)
    forget(child);
  else
    retire(child);
}

void caretaker::retire(supervised_child& child) noexcept {
  if (std::exchange(child.retired_, true))
    return;
  if (child.spec_.significant)
    --significant_;
  const mailbox_core* const mailbox = child.reads();
  core_.tell_of(child, event_kind::child_retired,
                mailbox != nullptr ? static_cast<std::uint32_t>(mailbox->number()) : 0);
  child.refuse_all();
  core_.give_order(child, order::retire);
}

// ---- restarts --------------------------------------------------------------------------------------------------------

void caretaker::restart(supervised_child& failed, exit_reason&& how) noexcept {
  core_.set_state(failed, child_status::down);
  const instant now = core_.now();
  gave_up_ = note_failure(failed, exit_reason{how}, now);
  if (gave_up_ != escalation::none) {
    tell(failed, tree_event_kind::gave_up, how);
    return stop_all();
  }
  if (now - failed.run_began_ >= core_.options_.backoff.stable_after)
    failed.in_a_row_ = 0;
  ++failed.in_a_row_;
  const duration wait = core_.options_.backoff.initial == duration::zero()
                            ? duration::zero()
                            : wait_before_restart(core_.options_.backoff, failed.in_a_row_,
                                                  random_bits(core_.executor_, failed.in_a_row_));
  tell(failed, tree_event_kind::restarting, {}, wait);
  const restart_from from = restarted_with(core_.options_.strategy);
  if (from != restart_from::itself_alone)
    return restart_several(failed, from, wait);
  if (wait == duration::zero())
    return begin_run(failed);
  core_.give_order(failed, order::prepare);
  core_.set_state(failed, child_status::backing_off);
  set_timer(failed, wait);
}

void caretaker::restart_several(supervised_child& failed, restart_from from, duration wait) noexcept {
  supervised_child* const first = from == restart_from::first ? core_.first_ : &failed;
  if (several_.from != nullptr && !several_.stopping)
    several_.from = several_.at; // those before it have been started; it and those after it still wait for that
  if (several_.from == nullptr || first->place_ < several_.from->place_)
    several_.from = first;
  if (several_.failed != nullptr && several_.failed->state_ == child_status::backing_off) {
    clear_timer(*several_.failed);
    core_.set_state(*several_.failed, child_status::down);
  }
  several_.stopping = true;
  several_.at = core_.last_;
  several_.failed = wait == duration::zero() ? nullptr : &failed;
  several_.wait = wait;
  core_.give_order(failed, order::prepare);
  go_on();
}

escalation caretaker::note_failure(const supervised_child& child, exit_reason&& how, instant now) noexcept {
  try {
    failures_.note({child.path(), child.incarnation_, std::move(how), now}, core_.options_.period);
    if (!window_.note(now))
      return escalation::intensity;
    return !core_.budget_ || core_.budget_->note(core_.executor_.time()) ? escalation::none : escalation::budget;
  } catch (...) { // no memory to count it: then it does not restart
    return escalation::intensity;
  }
}

std::vector<child_failure> caretaker::take_failures() { return failures_.take(core_.options_.period); }

void caretaker::stop_all() noexcept {
  closing_ = true;
  several_ = {};
  if (core_.executor_.tells_details())
    core_.executor_.emit(event_kind::supervisor_closing, core_.number_, 0, 0);
  {
    const std::lock_guard held{core_.lock_};
    if (core_.body_ != nullptr)
      core_.body_->cancel(cancel_reason::shutdown);
  }
  if (core_.options_.strategy == restart_strategy::dynamic)
    for (supervised_child* each = core_.first_; each != nullptr; each = each->next_)
      stop_now_or_note_down(*each, stops::alone);
  go_on();
}

/// From above: whoever stops us has no more patience.
void caretaker::kill_all() noexcept {
  if (!closing_)
    stop_all();
  for (supervised_child* each = core_.first_; each != nullptr; each = each->next_)
    if (!stop_now_or_note_down(*each, stops::alone))
      kill(*each);
  go_on();
}

/// True when it is down.
bool caretaker::stop_now_or_note_down(supervised_child& child, stops how) noexcept {
  switch (child.state_) {
  case child_status::down:
    return true;
  case child_status::backing_off:
    clear_timer(child);
    core_.set_state(child, child_status::down);
    return true;
  case child_status::starting:
  case child_status::running:
    begin_stop(child, how);
    return false;
  case child_status::stopping:
    break;
  }
  return false;
}

void caretaker::go_on() noexcept {
  if (closing_) {
    while (core_.last_ != nullptr && stop_now_or_note_down(*core_.last_, stops::in_order)) {
      core_.answer(*core_.last_, request::refused);
      forget(*core_.last_);
    }
    return;
  }
  if (several_.from == nullptr || (several_.stopping && !go_on_stopping()))
    return;
  if (several_.from != nullptr)
    go_on_starting();
}

/// True once all of them are down.
bool caretaker::go_on_stopping() noexcept {
  while (several_.at != nullptr && several_.at->place_ >= several_.from->place_) {
    supervised_child& child = *several_.at;
    if (!stop_now_or_note_down(child, stops::in_order))
      return false;
    several_.at = child.previous_;
  }
  several_.stopping = false;
  several_.at = several_.from;
  if (several_.failed != nullptr && !several_.failed->wanted_)
    several_.failed = nullptr; // it was stopped meanwhile
  if (several_.failed != nullptr) {
    core_.set_state(*several_.failed, child_status::backing_off);
    set_timer(*several_.failed, several_.wait);
  }
  return true;
}

void caretaker::go_on_starting() noexcept {
  if (several_.failed != nullptr)
    return; // it waits
  for (; several_.at != nullptr; several_.at = several_.at->next_) {
    if (several_.at->state_ == child_status::down && several_.at->wanted_)
      begin_run(*several_.at);
    if (several_.at->state_ != child_status::running && several_.at->state_ != child_status::down)
      return;
  }
  several_ = {};
  if (core_.executor_.tells_details())
    core_.executor_.emit(event_kind::children_restarted, core_.number_, 0, 0);
}

void caretaker::tell(const supervised_child& child, tree_event_kind what, const exit_reason& reason, duration wait,
                     stops how) const noexcept {
  if (core_.executor_.sink() == nullptr)
    return;
  std::string path;
  try {
    path = what != tree_event_kind::gave_up ? child.path() : core_.path_.empty() ? "/" : core_.path_;
  } catch (...) { // no memory: then it is told without
  }
  core_.executor_.sink()->on_tree_event({core_.now(), what, path, child.incarnation_, reason, wait,
                                         how == stops::in_order, core_.number_, child.host_ ? child.host_->number() : 0,
                                         &child.spec_, &core_.options_});
}

// ---- small parts -----------------------------------------------------------------------------------------------------

void caretaker::set_timer(supervised_child& child, duration after) noexcept {
  clear_timer(child);
  const instant at = saturated(core_.now(), after);
  if (at == instant::max())
    return;
  child.timer_.emplace(child, at);
  try {
    core_.executor_.time().add(*child.timer_);
  } catch (...) { // no memory: then its time is up
    wakeups woken;
    core_.tell_time(child, woken);
  }
}

bool caretaker::timer_has_fired(const supervised_child& child) const noexcept {
  const std::lock_guard held{core_.lock_};
  return child.time_is_up_;
}

bool caretaker::start_is_awaited(const supervised_child& child) const noexcept {
  const std::lock_guard held{core_.lock_};
  return child.start_ == request::pending;
}

void caretaker::clear_timer(supervised_child& child) noexcept {
  if (!child.timer_)
    return;
  core_.executor_.time().remove(*child.timer_); // also waits for a call that is under way
  child.timer_.reset();
  const std::lock_guard held{core_.lock_};
  child.time_is_up_ = false; // it may have been, by now for nothing
}

std::exception_ptr caretaker::time_out_of(const supervised_child& child) noexcept {
  try {
    return std::make_exception_ptr(start_failed("the child \"" + child.name_ +
                                                    "\" did not say that it has started "
                                                    "within its start_timeout",
                                                nullptr));
  } catch (...) {
    return std::current_exception();
  }
}

} // namespace troupe::detail
