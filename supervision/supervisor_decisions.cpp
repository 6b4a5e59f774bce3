// What the one fiber of a supervisor that looks at news decides. All of this is sequential; what others look at is
// written under the lock.

#include <troupe/scope/backoff.hpp>
#include <troupe/supervision/supervisor_core.hpp>

#include <mutex>
#include <stdexcept>
#include <utility>

namespace troupe::detail {

void supervisor_core::look_at(supervised_child& child, std::uint8_t what) noexcept {
  const auto is = [what](news which) { return (what & asked(which)) != 0; };
  if (is(news::added))
    enlist(child);
  if (!child.listed_)
    return;
  if (is(news::started) && child.state_ == child_status::starting) {
    clear_timer(child);
    child.has_started_ = true;
    set_state(child, child_status::running);
    tell(child, tree_event_kind::started);
    answer(child, request::done);
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
  if (is(news::asked_to_start) && is(news::asked_to_stop))
    answer(child, request::failed); // both at once: the stop is what holds
  else if (is(news::asked_to_start))
    start_again(child);
  if (is(news::asked_to_go) && child.state_ == child_status::down)
    forget(child);
}

void supervisor_core::stop_for_good(supervised_child& child) noexcept {
  switch (child.state_) {
  case child_status::down: // it may have been stopped with others, to be started with them
    retire(child);
    return child.has_started_ ? answer(child, request::failed) : forget(child);
  case child_status::backing_off:
    return has_stopped(child);
  case child_status::stopping:
    child.timed_out_ = false; // what it ends as is of no interest any more
    return;
  case child_status::starting:
  case child_status::running:
    return begin_stop(child);
  }
}

void supervisor_core::start_again(supervised_child& child) noexcept {
  if (closing_ || child.state_ != child_status::down)
    return answer(child, request::refused);
  child.wanted_ = true;
  child.in_a_row_ = 0;
  if (!its_turn_comes(child))
    begin_run(child);
}

/// True for one of several children that will be started in their order.
bool supervisor_core::its_turn_comes(const supervised_child& child) const noexcept {
  if (several_.from == nullptr || child.place_ < several_.from->place_)
    return false;
  return several_.stopping || several_.failed != nullptr ||
         (several_.at != nullptr && child.place_ >= several_.at->place_);
}

void supervisor_core::stop_all_if_asked() noexcept {
  {
    const std::lock_guard held{lock_};
    if (!shutdown_asked_ || closing_)
      return;
  }
  stop_all();
}

bool supervisor_core::close_if_done() noexcept {
  const std::lock_guard held{lock_};
  closed_ = closing_ && first_ == nullptr && being_added_ == 0 && first_news_ == nullptr;
  return closed_;
}

// ---- coming and going ------------------------------------------------------------------------------------------------

void supervisor_core::enlist(supervised_child& child) noexcept {
  std::exception_ptr why;
  try {
    if (closing_)
      why = nullptr;
    else if (count_.listed >= options_.children_max)
      why = std::make_exception_ptr(std::length_error("supervisor::start: there are " + std::to_string(count_.listed) +
                                                      " children, and no more are allowed"));
    else {
      const std::lock_guard held{lock_}; // allocates under it: who looks for a name waits for that
      if (child.spec_.name.empty() || by_name_.emplace(child.spec_.name, &child).second)
        child.listed_ = true;
    }
    if (!closing_ && !child.listed_ && !why)
      why = std::make_exception_ptr(
          std::invalid_argument("supervisor::start: there is a child \"" + child.name_ + "\" already"));
  } catch (...) {
    why = std::current_exception();
  }
  if (!child.listed_) {
    give_order(child, order::leave);
    answer(child, request::refused, std::move(why));
    return;
  }
  child.keep();
  child.place_ = ++placed_;
  significant_ += child.spec_.significant ? 1 : 0;
  {
    const std::lock_guard held{lock_};
    child.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &child;
    last_ = &child;
    ++count_.listed;
  }
  begin_run(child);
}

void supervisor_core::forget(supervised_child& child) noexcept {
  tell(child, tree_event_kind::forgotten);
  give_order(child, order::leave);
  if (several_.at == &child)
    several_.at = several_.stopping ? child.previous_ : child.next_;
  if (several_.from == &child)
    several_.from = child.next_;
  if (several_.failed == &child)
    several_.failed = nullptr;
  if (child.spec_.significant && !std::exchange(child.counted_out_, true))
    --significant_;
  {
    wakeups woken;
    const std::lock_guard held{lock_};
    child.listed_ = false; // with the answer: from now on nothing is asked of it
    answer_locked(child, request::failed, nullptr, woken);
    (child.previous_ != nullptr ? child.previous_->next_ : first_) = child.next_;
    (child.next_ != nullptr ? child.next_->previous_ : last_) = child.previous_;
    if (!child.spec_.name.empty())
      by_name_.erase(child.spec_.name);
    --count_.listed;
    wake_waiting(child, woken);
  }
  child.drop(); // whoever called has one, too: the news
}

// ---- one run ---------------------------------------------------------------------------------------------------------

void supervisor_core::begin_run(supervised_child& child) noexcept {
  child.run_began_ = now();
  child.timed_out_ = child.kill_sent_ = false;
  if (std::exchange(child.counted_out_, false))
    ++significant_;
  const order what = std::exchange(child.retired_, false) ? order::run_again : order::run;
  bool has_started = false;
  {
    wakeups woken;
    const std::lock_guard held{lock_};
    ++child.incarnation_;
    child.stop_asked_ = child.killed_ = child.retires_ = false;
    // Where nobody waits for it, it has started at once.
    has_started = !child.says_when_started_ && child.start_ != request::pending && several_.from == nullptr;
    set_state_locked(child, has_started ? child_status::running : child_status::starting, woken);
    give_order_locked(child, what, woken);
  }
  child.has_started_ = child.has_started_ || has_started;
  tell(child, tree_event_kind::begun);
  if (has_started)
    tell(child, tree_event_kind::started);
  if (child.says_when_started_)
    set_timer(child, child.spec_.start_timeout);
}

void supervisor_core::begin_stop(supervised_child& child) noexcept {
  clear_timer(child);
  set_state(child, child_status::stopping);
  const bool for_good = closing_ || !child.wanted_;
  const bool drains = for_good && child.drains();
  duration grace{};
  {
    const std::lock_guard held{lock_};
    grace = grace_of(child);
    child.stop_asked_ = !drains;
    child.retires_ = for_good;
    if (!drains && grace > duration::zero() && child.run_ != nullptr)
      child.run_->cancel(cancel_reason::shutdown);
  }
  if (drains)
    child.refuse_all(); // a run that has not begun does so when it begins
  tell(child, tree_event_kind::stopping, {}, grace);
  if (grace > duration::zero())
    set_timer(child, grace);
  else
    kill(child);
}

void supervisor_core::kill(supervised_child& child) noexcept {
  child.kill_sent_ = true;
  duration patience{};
  {
    const std::lock_guard held{lock_};
    patience = abandons_after(child);
    child.killed_ = true;
    if (child.run_ != nullptr)
      child.run_->cancel_commits(cancel_reason::shutdown);
  }
  tell(child, tree_event_kind::killed, {}, patience);
  set_timer(child, patience);
}

void supervisor_core::abandon(supervised_child& child) noexcept {
  {
    const std::lock_guard held{lock_};
    if ((child.news_ & asked(news::ended)) != 0)
      return; // it has ended at this moment
    hosts_->disown(*child.host_);
    child.abandoned_ = true;
  }
  child.refuse_all(); // it will not take anything any more, though it has not let go of it
  set_state(child, child_status::down);
  tell(child, tree_event_kind::abandoned);
  forget(child);
  go_on();
}

void supervisor_core::time_is_up(supervised_child& child) noexcept {
  const child_status state = child.state_;
  clear_timer(child);
  switch (state) {
  case child_status::starting:
    child.timed_out_ = true;
    return begin_stop(child);
  case child_status::stopping:
    return child.kill_sent_ ? abandon(child) : kill(child);
  case child_status::backing_off:
    if (&child == several_.failed) {
      set_state(child, child_status::down);
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

void supervisor_core::run_ended(supervised_child& child) noexcept {
  clear_timer(child);
  exit_reason how;
  child_status was{};
  {
    const std::lock_guard held{lock_};
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
    set_state(child, child_status::down);
    return go_on();
  }
  if (was == child_status::running)
    return has_ended(child, std::move(how));
  has_not_started(child, std::move(how));
}

/// Asked to, or before it was started anew.
void supervisor_core::has_stopped(supervised_child& child) noexcept {
  clear_timer(child);
  if (several_.failed == &child)
    several_.failed = nullptr;
  if (child.is_over())
    child.wanted_ = false; // by its address
  const bool starts_with_others = child.wanted_ && its_turn_comes(child);
  if (starts_with_others) {
    give_order(child, order::prepare);
    set_state(child, child_status::down);
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
void supervisor_core::has_not_started(supervised_child& child, exit_reason&& how) noexcept {
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
void supervisor_core::has_ended(supervised_child& child, exit_reason&& how) noexcept {
  const bool is_over = child.is_over();
  if (!is_over && child.wanted_ && restarts_after(child.spec_.restart, how.kind))
    return restart(child, std::move(how));
  if (is_over)
    child.wanted_ = false; // not with others either
  const bool counts = child.spec_.significant && !std::exchange(child.counted_out_, true);
  if (counts)
    --significant_;
  if (several_.at == &child && !several_.stopping)
    several_.at = child.next_;
  goes_down(child, request::failed, nullptr);
  if (counts && (options_.stops == auto_shutdown::any_significant ||
                 (options_.stops == auto_shutdown::all_significant && significant_ == 0)))
    return stop_all();
  go_on();
}

/// Nothing of it runs, and it is not started anew by itself: who waits for its start is told so with it.
void supervisor_core::goes_down(supervised_child& child, request how, std::exception_ptr error) noexcept {
  child.refuse_all(); // before anybody is told that it is down
  {
    wakeups woken;
    const std::lock_guard held{lock_};
    answer_locked(child, how, std::move(error), woken);
    set_state_locked(child, child_status::down, woken);
  }
  if (child.spec_.restart == restart_type::temporary || options_.strategy == restart_strategy::dynamic)
    forget(child);
  else
    retire(child);
}

void supervisor_core::retire(supervised_child& child) noexcept {
  if (std::exchange(child.retired_, true))
    return;
  child.refuse_all();
  give_order(child, order::retire);
}

// ---- restarts --------------------------------------------------------------------------------------------------------

void supervisor_core::restart(supervised_child& failed, exit_reason&& how) noexcept {
  set_state(failed, child_status::down);
  if (!note_failure(failed, exit_reason{how})) {
    tell(failed, tree_event_kind::gave_up, how);
    return give_up();
  }
  if (now() - failed.run_began_ >= options_.backoff.stable_after)
    failed.in_a_row_ = 0;
  ++failed.in_a_row_;
  const duration wait =
      options_.backoff.initial == duration::zero()
          ? duration::zero()
          : wait_before_restart(options_.backoff, failed.in_a_row_, random_bits(executor_, failed.in_a_row_));
  tell(failed, tree_event_kind::restarting, {}, wait);
  const restart_from from = restarted_with(options_.strategy);
  if (from != restart_from::itself_alone)
    return restart_several(failed, from, wait);
  if (wait == duration::zero())
    return begin_run(failed);
  give_order(failed, order::prepare);
  set_state(failed, child_status::backing_off);
  set_timer(failed, wait);
}

void supervisor_core::restart_several(supervised_child& failed, restart_from from, duration wait) noexcept {
  supervised_child* const first = from == restart_from::first ? first_ : &failed;
  if (several_.from != nullptr && !several_.stopping)
    several_.from = several_.at; // those before it have been started; it and those after it still wait for that
  if (several_.from == nullptr || first->place_ < several_.from->place_)
    several_.from = first;
  if (several_.failed != nullptr && several_.failed->state_ == child_status::backing_off) {
    clear_timer(*several_.failed);
    set_state(*several_.failed, child_status::down);
  }
  several_.stopping = true;
  several_.at = last_;
  several_.failed = wait == duration::zero() ? nullptr : &failed;
  several_.wait = wait;
  give_order(failed, order::prepare);
  go_on();
}

bool supervisor_core::note_failure(const supervised_child& child, exit_reason&& how) noexcept {
  try {
    while (!failures_.empty() &&
           (failures_.size() == escalated::failures_max || saturated(failures_.front().at, options_.period) < now()))
      failures_.erase(failures_.begin());
    failures_.push_back({child.path(), child.incarnation_, std::move(how), now()});
    return window_.note(now());
  } catch (...) { // no memory to count it: then it does not restart
    return false;
  }
}

void supervisor_core::give_up() noexcept {
  gave_up_ = true;
  stop_all();
}

void supervisor_core::stop_all() noexcept {
  closing_ = true;
  several_ = {};
  {
    const std::lock_guard held{lock_};
    if (body_ != nullptr)
      body_->cancel(cancel_reason::shutdown);
  }
  if (options_.strategy == restart_strategy::dynamic)
    for (supervised_child* each = first_; each != nullptr; each = each->next_)
      stop_now_or_note_down(*each);
  go_on();
}

/// From above: whoever stops us has no more patience.
void supervisor_core::kill_all() noexcept {
  if (!closing_)
    stop_all();
  for (supervised_child* each = first_; each != nullptr; each = each->next_)
    if (!stop_now_or_note_down(*each))
      kill(*each);
  go_on();
}

/// True when it is down.
bool supervisor_core::stop_now_or_note_down(supervised_child& child) noexcept {
  switch (child.state_) {
  case child_status::down:
    return true;
  case child_status::backing_off:
    clear_timer(child);
    set_state(child, child_status::down);
    return true;
  case child_status::starting:
  case child_status::running:
    begin_stop(child);
    return false;
  case child_status::stopping:
    break;
  }
  return false;
}

void supervisor_core::go_on() noexcept {
  if (closing_) {
    while (last_ != nullptr && stop_now_or_note_down(*last_)) {
      answer(*last_, request::refused);
      forget(*last_);
    }
    return;
  }
  if (several_.from == nullptr || (several_.stopping && !go_on_stopping()))
    return;
  if (several_.from != nullptr)
    go_on_starting();
}

/// True once all of them are down.
bool supervisor_core::go_on_stopping() noexcept {
  while (several_.at != nullptr && several_.at->place_ >= several_.from->place_) {
    supervised_child& child = *several_.at;
    if (!stop_now_or_note_down(child))
      return false;
    several_.at = child.previous_;
  }
  several_.stopping = false;
  several_.at = several_.from;
  if (several_.failed != nullptr && !several_.failed->wanted_)
    several_.failed = nullptr; // it was stopped meanwhile
  if (several_.failed != nullptr) {
    set_state(*several_.failed, child_status::backing_off);
    set_timer(*several_.failed, several_.wait);
  }
  return true;
}

void supervisor_core::go_on_starting() noexcept {
  if (several_.failed != nullptr)
    return; // it waits
  for (; several_.at != nullptr; several_.at = several_.at->next_) {
    if (several_.at->state_ == child_status::down && several_.at->wanted_)
      begin_run(*several_.at);
    if (several_.at->state_ != child_status::running && several_.at->state_ != child_status::down)
      return;
  }
  several_ = {};
}

void supervisor_core::tell(const supervised_child& child, tree_event_kind what, const exit_reason& reason,
                           duration wait) const noexcept {
  if (executor_.sink() == nullptr)
    return;
  std::string path;
  try {
    path = what != tree_event_kind::gave_up ? child.path() : path_.empty() ? "/" : path_;
  } catch (...) { // no memory: then it is told without
  }
  executor_.sink()->on_tree_event({now(), what, path, child.incarnation_, reason, wait});
}

// ---- small parts -----------------------------------------------------------------------------------------------------

void supervisor_core::set_timer(supervised_child& child, duration after) noexcept {
  clear_timer(child);
  const instant at = saturated(now(), after);
  if (at == instant::max())
    return;
  child.timer_.emplace(child, at);
  try {
    executor_.time().add(*child.timer_);
  } catch (...) { // no memory: then its time is up
    wakeups woken;
    tell_time(child, woken);
  }
}

bool supervisor_core::timer_has_fired(const supervised_child& child) const noexcept {
  const std::lock_guard held{lock_};
  return child.time_is_up_;
}

bool supervisor_core::start_is_awaited(const supervised_child& child) const noexcept {
  const std::lock_guard held{lock_};
  return child.start_ == request::pending;
}

void supervisor_core::clear_timer(supervised_child& child) noexcept {
  if (!child.timer_)
    return;
  executor_.time().remove(*child.timer_); // also waits for a call that is under way
  child.timer_.reset();
  const std::lock_guard held{lock_};
  child.time_is_up_ = false; // it may have been, by now for nothing
}

void supervisor_core::set_state(supervised_child& child, child_status state) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  set_state_locked(child, state, woken);
}

void supervisor_core::set_state_locked(supervised_child& child, child_status state, wakeups& woken) noexcept {
  const auto runs = [](child_status in) { return in != child_status::down && in != child_status::backing_off; };
  count_.active += runs(state) ? 1 : 0;
  count_.active -= runs(child.state_) ? 1 : 0;
  child.state_ = state;
  wake_waiting(child, woken);
}

void supervisor_core::answer(supervised_child& child, request how, std::exception_ptr error) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  answer_locked(child, how, std::move(error), woken);
}

void supervisor_core::answer_locked(supervised_child& child, request how, std::exception_ptr error,
                                    wakeups& woken) noexcept {
  if (child.start_ != request::pending)
    return;
  child.start_ = child.start_awaited_ ? how : request::none;
  child.start_error_ = std::move(error);
  wake_waiting(child, woken);
}

void supervisor_core::give_order(supervised_child& child, order what) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  give_order_locked(child, what, woken);
}

void supervisor_core::give_order_locked(supervised_child& child, order what, wakeups& woken) noexcept {
  child.order_ = what;
  if (child.host_waiting_ != nullptr)
    static_cast<void>(std::exchange(child.host_waiting_, nullptr)->grant(woken)); // false: a kill, and it leaves
}

std::exception_ptr supervisor_core::time_out_of(const supervised_child& child) noexcept {
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
