#include <troupe/scope/fault_point.hpp>
#include <troupe/scope/observed_scope.hpp>
#include <troupe/scope/station.hpp>
#include <troupe/supervision/supervisor_core.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace troupe::detail {

namespace {

constexpr duration shutdown_by_default = std::chrono::seconds{5};

/// Its own, or that of the tree that it is in.
tree_budget_pointer budget_of(const tree_budget_pointer& around, const supervisor_options& options) {
  if (!options.budget)
    return around;
  return tree_budget_pointer::owning(new tree_budget(*options.budget, around));
}

} // namespace

// ---- waits -----------------------------------------------------------------------------------------------------------

/// The next child with news; null: somebody asked for the end of all, or that has come.
class supervisor_core::news_operation {
public:
  explicit news_operation(supervisor_core& core) noexcept : core_(core) {}
  ~news_operation() { // a kill may have come from above
    const std::lock_guard held{core_.lock_};
    core_.looking_ = nullptr;
  }
  news_operation(const news_operation&) = delete;
  news_operation& operator=(const news_operation&) = delete;

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept {
    const std::lock_guard held{core_.lock_};
    return something_to_do() && !self_->stop_pending() && self_->tick();
  }
  void await_suspend(std::coroutine_handle<>) noexcept {
    if (self_->stop_pending())
      return self_->stop();
    const std::lock_guard held{core_.lock_};
    if (something_to_do())
      return self_->yield();
    if (!self_->open_wait(fiber::wait_kind::daemon, "look after", &core_))
      return self_->stop();
    core_.looking_ = self_;
    self_->park();
  }
  supervised_child_pointer await_resume() const noexcept {
    const std::lock_guard held{core_.lock_};
    supervised_child* const next = core_.first_news_;
    if (next == nullptr)
      return {};
    core_.first_news_ = std::exchange(next->next_news_, nullptr);
    next->has_news_ = false;
    return supervised_child_pointer::owning(next); // note() has counted it
  }

private:
  bool something_to_do() const noexcept {
    return core_.first_news_ != nullptr || (core_.shutdown_asked_ && !core_.decides_.closing()) ||
           (core_.decides_.closing() && core_.first_ == nullptr && core_.being_added_ == 0);
  }

  supervisor_core& core_;
  fiber* self_ = nullptr;
};

/// What the fiber of a child is to do next.
class supervisor_core::order_operation {
public:
  explicit order_operation(supervised_child& child) noexcept : child_(child), core_(child.supervisor()) {}

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept {
    const std::lock_guard held{core_.lock_};
    return has_order() && self_->tick();
  }
  void await_suspend(std::coroutine_handle<>) noexcept {
    const std::lock_guard held{core_.lock_};
    if (has_order())
      return self_->yield();
    // Always opens: the fiber is hidden from all cancels.
    static_cast<void>(self_->open_wait(fiber::wait_kind::daemon, "be started", &core_));
    child_.host_waiting_ = self_;
    self_->park();
  }
  order await_resume() const noexcept {
    const std::lock_guard held{core_.lock_};
    return child_.abandoned_ ? order::leave : std::exchange(child_.order_, order::none);
  }

private:
  bool has_order() const noexcept { return child_.order_ != order::none || child_.abandoned_; }

  supervised_child& child_;
  supervisor_core& core_;
  fiber* self_ = nullptr;
};

// ---- the block -------------------------------------------------------------------------------------------------------

supervisor_core::supervisor_core(fiber& owner, const supervisor_options& options)
    : executor_(owner.runs_on()), options_(options), path_(incarnation_scope::path_of(owner)),
      budget_(budget_of(budget_around(owner), options)),
      number_(executor_.tells_details() ? executor_.next_number() : 0),
      decides_(*this, restart_window{options.intensity, options.period}) {}

tree_budget_pointer supervisor_core::budget_around(const fiber& owner) noexcept {
  const incarnation_scope* const run = incarnation_scope::around(owner);
  return run != nullptr ? run->child().supervisor().budget_ : tree_budget_pointer{};
}

supervisor_pointer supervisor_core::make(fiber& owner, const supervisor_options& options) {
  require_sensible(options);
  return supervisor_pointer::owning(new supervisor_core(owner, options));
}

void supervisor_core::require_sensible(const supervisor_options& options) {
  if (options.strategy == restart_strategy::dynamic && options.stops != auto_shutdown::never)
    throw std::invalid_argument("supervise: children that come and go in any number cannot be significant, so a "
                                "dynamic supervisor has auto_shutdown::never");
  if (options.period <= duration::zero())
    throw std::invalid_argument("supervise: the period of its intensity must be longer than nothing");
  if (options.budget && options.budget->period <= duration::zero())
    throw std::invalid_argument("supervise: the period of its budget must be longer than nothing");
}

task<> supervised_block(supervisor_pointer core, task<> body) {
  fiber& self = co_await current_fiber{};
  supervised_child* const as_child = incarnation_scope::of(self);
  if (as_child != nullptr && core->executor_.tells_details())
    core->executor_.emit(event_kind::supervises, core->number_, self.number(), 0);
  const struct supervising {
    supervised_child* const child;
    supervisor_core* const before;
    ~supervising() { supervisor_core::supervised_by(child, before); }
  } while_it_lasts{as_child, supervisor_core::supervised_by(as_child, &*core)};
  outcome<> ended;
  bool pass_on = false;
  const auto block = [&](task_group& hosts) -> task<> {
    core->hosts_ = &hosts;
    const child<> looking = hosts.start({.name = "supervisor"}, supervisor_core::look_after, core);
    {
      cancel_scope scope{self};
      {
        const std::lock_guard held{core->lock_};
        core->body_ = &scope;
        core->closed_ = core->closed_ || looking.ended(); // already: we are being stopped
      }
      ended = co_await catch_stop(std::move(body));
      {
        const std::lock_guard held{core->lock_};
        core->body_ = nullptr;
      }
      pass_on = ended.cancelled() && scope.outer_stopping();
    }
    core->shut_down();
  };
  const outcome<> joined = co_await catch_stop(in_task_group(block));
  if (ended.has_error())
    std::rethrow_exception(ended.error());
  if (core->decides_.gave_up() != escalation::none) {
    std::vector<child_failure> failures = core->decides_.take_failures();
    if (core->executor_.tells_details() && !failures.empty())
      core->executor_.emit(event_kind::escalation_told, core->number_, self.number(),
                           static_cast<std::uint64_t>(failures.front().at.time_since_epoch().count()),
                           static_cast<std::uint32_t>(failures.size()));
    throw escalated{core->path_.empty() ? "/" : core->path_,
                    core->decides_.gave_up(),
                    {core->options_.intensity, core->options_.period},
                    std::move(failures)};
  }
  if (joined.has_error())
    std::rethrow_exception(joined.error());
  if (pass_on)
    co_await continue_stop{};
}

supervisor_core* supervisor_core::supervised_by(supervised_child* child, supervisor_core* what) noexcept {
  if (child == nullptr)
    return nullptr;
  const std::lock_guard held{child->supervisor().lock_};
  return std::exchange(child->supervises_, what);
}

void supervisor_core::shut_down() noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  shutdown_asked_ = true;
  if (looking_ != nullptr)
    static_cast<void>(looking_->grant(woken));
}

// ---- the fiber of a child --------------------------------------------------------------------------------------------

task<> supervisor_core::host(supervised_child_pointer child) {
  fiber& self = co_await current_fiber{};
  self.runs_code(fiber::code::of_users_in_runs);
  const observed_scope hidden{self, cancel_scope::shielding::cleanup, *child};
  for (;;) {
    const order told = co_await order_operation{*child};
    if (told == order::prepare)
      child->prepare_restart();
    if (told == order::retire || told == order::leave || told == order::run_again)
      child->retire();
    if (told == order::leave) {
      child->let_go();
      co_return;
    }
    if (told == order::run_again)
      child->revive();
    if (told != order::run && told != order::run_again)
      continue;
    // One run. Not a coroutine of its own: there may be no memory for its frame.
    outcome<> ended;
    {
      const incarnation_scope scope{self, *child};
      std::optional<task<>> work;
      try {
        fault_point("supervisor.child.start");
        work.emplace(child->begin_run());
      } catch (...) {
        ended = std::current_exception();
      }
      if (work)
        ended = co_await catch_stop(std::move(*work));
      work.reset();
      child->end_run(ended);
    }
    child->supervisor().tell_ended(*child, std::move(ended));
  }
}

void supervisor_core::run_begins(supervised_child& of, incarnation_scope& run) noexcept {
  bool drains = false;
  {
    wakeups woken;
    const std::lock_guard held{lock_};
    of.run_ = &run;
    if (!of.says_when_started_ && of.state_ == child_status::starting)
      note(of, news::started, woken);
    if (of.killed_)
      run.cancel_commits(cancel_reason::shutdown);
    else if (of.stop_asked_)
      run.cancel(cancel_reason::shutdown);
    else
      drains = of.retires_;
  }
  if (drains)
    of.refuse_all();
}

void supervisor_core::run_ends(supervised_child& of) noexcept {
  bool retires = false;
  {
    const std::lock_guard held{lock_};
    of.run_ = nullptr;
    retires = of.retires_;
  }
  if (retires)
    of.retire(); // before anybody is told that it is down
}

void supervisor_core::tell_started(supervised_child& of, std::uint64_t incarnation) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  tell_of(of, event_kind::start_said, static_cast<std::uint32_t>(incarnation));
  if (of.incarnation_ == incarnation && of.run_ != nullptr)
    note(of, news::started, woken);
}

void supervisor_core::tell_ended(supervised_child& of, outcome<>&& how) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  if (how.has_error())
    of.exit_ = {exit_kind::failed, std::move(how).error()};
  else
    of.exit_ = {how.has_value() ? exit_kind::normal : of.killed_ ? exit_kind::killed : exit_kind::cancelled, nullptr};
  if (!of.abandoned_)
    note(of, news::ended, woken);
}

void supervisor_core::tell_time(supervised_child& of, wakeups& woken) noexcept {
  const std::lock_guard held{lock_};
  of.time_is_up_ = true;
  note(of, news::time, woken);
}

void supervisor_core::note(supervised_child& of, news what, wakeups& woken) noexcept {
  if (closed_)
    return; // an abandoned child that is late
  of.news_ |= static_cast<std::uint8_t>(what);
  if (!std::exchange(of.has_news_, true)) {
    of.keep();
    (first_news_ != nullptr ? last_news_->next_news_ : first_news_) = &of;
    last_news_ = &of;
  }
  if (looking_ != nullptr)
    static_cast<void>(looking_->grant(woken)); // false: it has been woken
}

// ---- requests --------------------------------------------------------------------------------------------------------

bool supervisor_core::add(supervised_child& added) {
  {
    const std::lock_guard held{lock_};
    if (closed_ || shutdown_asked_)
      return false;
    ++being_added_; // the group stays as long
    ++added_;
    if (added.name_.empty())
      added.name_ = std::to_string(added_); // short: nothing is allocated
  }
  const auto no_longer_being_added = [this](auto&& then) {
    wakeups woken;
    const std::lock_guard held{lock_};
    --being_added_;
    then(woken);
    if (looking_ != nullptr)
      static_cast<void>(looking_->grant(woken)); // it may wait for this to end
  };
  try {
    child<> started = hosts_->start({.name = added.spec_.name}, host, supervised_child_pointer::to(&added));
    const bool refused = started.ended();
    added.host_.emplace(std::move(started));
    no_longer_being_added([&](wakeups& woken) {
      if (!refused) {
        added.start_ = request::pending;
        added.start_awaited_ = true;
        note(added, news::added, woken);
      }
    });
    return !refused;
  } catch (...) {
    no_longer_being_added([](wakeups&) {});
    throw;
  }
}

bool supervisor_core::ask(supervised_child& of, news what) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  if (closed_ || !of.listed_)
    return false;
  if (what == news::asked_to_start) {
    if (of.state_ != child_status::down || of.start_ != request::none)
      return false;
    of.start_ = request::pending;
    of.start_awaited_ = true;
  }
  if (what == news::asked_to_go && of.state_ != child_status::down)
    return false;
  note(of, what, woken);
  return true;
}

void supervisor_core::reconfigure(const supervisor_options& options) noexcept {
  const std::lock_guard held{lock_};
  wanted_options_ = options;
}

void supervisor_core::reconfigure(supervised_child& of, const child_spec& spec) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  of.wanted_spec_ = spec;
  of.wanted_spec_->name = of.spec_.name;
  if (of.listed_)
    note(of, news::reconfigured, woken);
}

void supervisor_core::cancel_run(supervised_child& of, bool kill) noexcept {
  const std::lock_guard held{lock_};
  if (of.state_ == child_status::down || of.state_ == child_status::backing_off)
    return;
  of.stop_asked_ = true;
  of.killed_ = of.killed_ || kill;
  if (of.run_ == nullptr)
    return; // run_begins() will see it, or it has ended
  if (kill)
    of.run_->cancel_commits();
  else
    of.run_->cancel();
}

// ---- what others look at ---------------------------------------------------------------------------------------------

supervised_child_pointer supervisor_core::find(std::string_view name) const noexcept {
  const std::lock_guard held{lock_};
  const auto found = by_name_.find(name);
  return supervised_child_pointer::to(found != by_name_.end() ? found->second : nullptr);
}

std::vector<supervised_child_pointer> supervisor_core::children() const {
  std::vector<supervised_child_pointer> all;
  std::unique_lock held{lock_};
  while (count_.listed > all.capacity()) { // room first: nothing is allocated under the lock
    const std::size_t wanted = count_.listed;
    held.unlock();
    all.reserve(wanted);
    held.lock();
  }
  for (supervised_child* each = first_; each != nullptr; each = each->next_)
    all.push_back(supervised_child_pointer::to(each));
  return all;
}

children_count supervisor_core::count() const noexcept {
  const std::lock_guard held{lock_};
  return count_;
}

supervisor_options supervisor_core::options() const noexcept {
  const std::lock_guard held{lock_};
  return wanted_options_.value_or(options_);
}

child_spec supervisor_core::spec_of(const supervised_child& of) const noexcept {
  const std::lock_guard held{lock_};
  return of.wanted_spec_.value_or(of.spec_);
}

child_status supervisor_core::state_of(const supervised_child& of) const noexcept {
  const std::lock_guard held{lock_};
  return of.state_;
}

std::uint64_t supervisor_core::incarnation_of(const supervised_child& of) const noexcept {
  const std::lock_guard held{lock_};
  return of.incarnation_;
}

namespace {

duration sum_of(duration a, duration b) noexcept { return a > duration::max() - b ? duration::max() : a + b; }

} // namespace

duration supervisor_core::stops_within() const noexcept {
  const std::lock_guard held{lock_};
  duration within{};
  for (const supervised_child* each = first_; each != nullptr; each = each->next_) {
    const duration one = sum_of(grace_of(*each), abandons_after(*each));
    within = options_.strategy == restart_strategy::dynamic ? std::max(within, one) : sum_of(within, one);
  }
  return within;
}

duration supervisor_core::abandons_within() const noexcept {
  const std::lock_guard held{lock_};
  duration within{};
  for (const supervised_child* each = first_; each != nullptr; each = each->next_)
    within = std::max(within, abandons_after(*each));
  return within;
}

/// Under the lock.
duration supervisor_core::abandons_after(const supervised_child& child) noexcept {
  return child.supervises_ != nullptr ? sum_of(child.spec_.abandon_after, child.supervises_->abandons_within())
                                      : child.spec_.abandon_after;
}

/// Under the lock.
duration supervisor_core::grace_of(const supervised_child& child) noexcept {
  if (child.spec_.shutdown)
    return *child.spec_.shutdown;
  return child.supervises_ != nullptr ? child.supervises_->stops_within() : shutdown_by_default;
}

// ---- what the fiber that looks at news tells others -------------------------------------------------------------------

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
  supervisor_core::wake_waiting(child, woken);
}

void supervisor_core::answer(supervised_child& child, request how, std::exception_ptr error) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  answer_locked(child, how, std::move(error), woken);
}

void supervisor_core::answer_locked(supervised_child& child, request how, std::exception_ptr error,
                                    wakeups& woken) const noexcept {
  if (child.start_ != request::pending)
    return;
  child.start_ = child.start_awaited_ ? how : request::none;
  child.start_error_ = std::move(error);
  if (how == request::done || how == request::failed)
    tell_of(child, event_kind::start_answered,
            static_cast<std::uint32_t>(how == request::done            ? start_answer::started
                                       : child.start_error_ != nullptr ? start_answer::failed_with_error
                                                                       : start_answer::failed));
  supervisor_core::wake_waiting(child, woken);
}

void supervisor_core::tell_of(const supervised_child& child, event_kind what, std::uint32_t place) const noexcept {
  if (executor_.tells_details() && child.host_) [[unlikely]]
    executor_.emit(what, number_, 0, child.host_->number(), place);
}

void supervisor_core::give_order(supervised_child& child, order what) noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  give_order_locked(child, what, woken);
}

void supervisor_core::give_order_locked(supervised_child& child, order what, wakeups& woken) noexcept {
  child.order_ = what;
  if (child.host_waiting_ != nullptr)
    static_cast<void>(
        std::exchange(child.host_waiting_, nullptr)->grant(woken)); // always: the fiber is hidden from cancels
}

void supervisor_core::wake_waiting(supervised_child& child, wakeups& woken) noexcept {
  // Each once: those who still wait go to the end of the line again.
  for (std::size_t left = child.waiting_.size(); left != 0; --left) {
    auto& first = static_cast<supervised_child::waiter&>(*child.waiting_.pop());
    if (first.holds(child))
      static_cast<void>(first.waiting->grant(woken)); // false: stopped, and it will not look at us again
    else
      child.waiting_.push(first);
  }
}

// ---- the fiber that looks at news --------------------------------------------------------------------------------------

task<> supervisor_core::look_after(supervisor_pointer core) {
  fiber& self = co_await current_fiber{};
  self.runs_code(fiber::code::of_library);
  {
    const observed_scope hidden{self, cancel_scope::shielding::commit, core->decides_};
    const outcome<> looked = co_await catch_stop(look_until_all_have_ended(*core));
    if (!looked.cancelled())
      co_return;
  }
  const observed_scope hidden{self, cancel_scope::shielding::cleanup, core->decides_};
  core->decides_.kill_all();
  co_await look_until_all_have_ended(*core);
}

task<> supervisor_core::look_until_all_have_ended(supervisor_core& core) {
  while (!core.decides_.close_if_done()) {
    const supervised_child_pointer child = co_await news_operation{core};
    core.decides_.reconfigure_if_asked();
    if (child) {
      std::uint8_t what = 0;
      {
        const std::lock_guard held{core.lock_};
        what = child->being_seen_ = std::exchange(child->news_, std::uint8_t{0});
      }
      core.decides_.look_at(*child, what);
      wakeups woken;
      const std::lock_guard held{core.lock_};
      child->being_seen_ = 0;
      wake_waiting(*child, woken);
    }
    core.decides_.stop_all_if_asked();
  }
}

} // namespace troupe::detail
