#include <troupe/simulation/simulator.hpp>
#include <troupe/simulation/wait_report.hpp>

#include <chrono>

namespace troupe {

// The base is given the clock before it is constructed: it only keeps the reference.
simulator::simulator(simulation_options options)
    : executor(clock_, options.sink), options_(std::move(options)), random_(options_.seed),
      offloads_(options_.offload_threads_max) {}

simulator::~simulator() {
  TROUPE_ASSERT(is_stuck_ || sources_.size() == 1, "a simulator went away before what takes part in it had left");
  TROUPE_ASSERT(!is_stuck_, "a simulator went away whose tree does not end: see deadlock_error::is_stuck()");
  for (const ready_step& each : ready_) {
    TROUPE_ASSERT(each.runs == nullptr, "a simulator went away with ready fibers: its roots must have ended");
    each.arrives->set_carrier(nullptr); // of streams that somebody outside still has
  }
  TROUPE_ASSERT(!clock_.has_timers(), "a simulator went away with pending timers: its roots must have ended");
}

int simulator::operations_per_slice() noexcept {
  if (options_.driver != nullptr)
    return options_.driver->operations_per_slice();
  if (options_.cancel_at_step)
    return 1;
  const std::uint64_t drawn = random_.next();
  return (drawn & 1U) != 0 ? 1 : 1 + static_cast<int>((drawn >> 1U) % 16);
}

void simulator::reach_fault_point(std::string_view name) {
  if (options_.driver != nullptr)
    options_.driver->reach_fault_point(name);
}

bool simulator::pretends_full() noexcept { return options_.driver != nullptr && options_.driver->pretends_full(); }

std::size_t simulator::moves_at_once(std::size_t most, std::uint64_t stream) noexcept {
  if (options_.driver != nullptr)
    return options_.driver->moves_at_once(most, stream);
  return (random_.next() & 1U) != 0 ? most : 1 + random_.below(most);
}

bool simulator::loses_connection() noexcept {
  return options_.driver != nullptr && options_.driver->loses_connection();
}

bool simulator::delays(detail::delivery& sent) noexcept {
  if (sent.carrier() == this)
    return true;
  if (sent.carrier() != nullptr) // its stream was used in another simulation before
    sent.carrier()->forget(sent);
  sent.set_carrier(this);
  ready_.push_back({nullptr, &sent});
  return true;
}

void simulator::forget(detail::delivery& sent) noexcept {
  std::erase_if(ready_, [&](const ready_step& each) { return each.arrives == &sent; });
}

std::size_t simulator::choose() {
  if (options_.driver == nullptr)
    return random_.below(ready_.size() + choices_.size());
  options_.driver->offer(choices_);
  return choices_.size() == 1 ? 0 : options_.driver->pick(choices_);
}

void simulator::offload_steps::add_steps(std::vector<choice>& all) {
  for (std::size_t i = 0; i < startable(); ++i)
    all.push_back({choice_kind::function, i, 0, nullptr, this});
}

bool simulator::step() {
  choices_.clear();
  // Without a driver nobody looks at the fibers: there may be thousands, and then this is not done at each step.
  const bool lists_fibers = options_.driver != nullptr;
  for (std::size_t i = 0; lists_fibers && i < ready_.size(); ++i) {
    const auto [runs, arrives] = ready_[i];
    choices_.push_back(runs != nullptr ? choice{choice_kind::fiber, runs->number(), runs->waited_on(), runs}
                                       : choice{choice_kind::delivery, arrives->number(), arrives->number()});
  }
  for (step_source* const each : sources_)
    each->add_steps(choices_);
  if (options_.clock == clock_mode::race && clock_.has_timers())
    choices_.push_back({choice_kind::timer});
  if (ready_.empty() && choices_.empty())
    return false;
  if (options_.before_step)
    options_.before_step(steps_);
  const std::size_t chosen = choose();
  TROUPE_ASSERT(!lists_fibers || chosen < choices_.size(),
                "simulation_driver::pick() gave an index beyond the choices");
  if (chosen < ready_.size()) {
    const ready_step next = ready_[chosen];
    ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(chosen));
    take(next);
  } else {
    take(choice{choices_[lists_fibers ? chosen : chosen - ready_.size()]});
  }
  if (options_.driver != nullptr)
    options_.driver->after_step();
  return true;
}

void simulator::take(const ready_step& next) {
  const std::uint64_t step = steps_++;
  if (next.runs == nullptr) {
    const detail::runs_outside told{*this};
    next.arrives->set_carrier(nullptr);
    return next.arrives->arrive(*this);
  }
  if (options_.driver != nullptr)
    options_.driver->before_run(*next.runs, step);
  detail::note_time(clock_.now());
  next.runs->run();
}

void simulator::take(const choice& chosen) {
  ++steps_;
  switch (chosen.kind) {
  case choice_kind::fiber:
  case choice_kind::delivery:
    break; // they are ready steps
  case choice_kind::function:
  case choice_kind::job: {
    const detail::runs_outside told{*this};
    return chosen.source->run_step(chosen);
  }
  case choice_kind::timer:
    return clock_.fire_next();
  case choice_kind::other:
    return options_.driver->take(chosen);
  }
}

void simulator::require_outside() const noexcept {
  TROUPE_ASSERT(this_fiber::pointer() == nullptr || &this_fiber::pointer()->runs_on() != this,
                "a simulator was told to run inside of one of its own fibers: start a child in a task group instead");
}

void simulator::run_until_idle() {
  require_outside();
  while (step()) {
    if (steps_ > options_.steps_max)
      throw livelock_error("livelock: more than " + std::to_string(options_.steps_max) + " steps");
  }
}

void simulator::advance(duration by) {
  require_outside();
  const instant until = saturated(clock_.now(), by);
  run_until_idle();
  while (clock_.has_timers() && clock_.next() <= until) {
    clock_.fire_next();
    run_until_idle();
  }
  clock_.move_to(until);
}

void simulator::drive(any_root& top) {
  require_outside();
  std::string failure;
  bool is_livelock = false;
  bool was_cancelled = false;
  if (options_.driver != nullptr)
    options_.driver->run_begins();
  top.start();
  while (!top.has_ended()) {
    // Not ==: a function that was offloaded may have taken several steps.
    if (options_.cancel_at_step && steps_ >= *options_.cancel_at_step && !was_cancelled) {
      was_cancelled = true;
      top.cancel(cancel_reason::requested);
    }
    if (steps_ > options_.steps_max && !is_livelock) {
      is_livelock = true;
      failure = "livelock: more than " + std::to_string(options_.steps_max) + " steps\n" + report(top);
      top.cancel(cancel_reason::shutdown);
      options_.steps_max *= 2; // for the way out
    }
    if (steps_ > options_.steps_max) {
      TROUPE_ASSERT(options_.driver != nullptr, "a simulated tree does not stop: it runs for ever after a cancel");
      is_stuck_ = true;
      throw livelock_error(failure + "and it does not stop: it runs for ever after a cancel\n", true);
    }
    if (step())
      continue;
    if (fire_next())
      continue;
    if (!top.root_scope().cancelled() && only_daemons_wait(top)) {
      if (options_.driver != nullptr)
        options_.driver->before_shutdown(top);
      top.cancel(cancel_reason::shutdown);
      continue;
    }
    if (failure.empty())
      failure = "deadlock after " + std::to_string(steps_) + " steps: nobody can run\n" + report(top);
    if (top.root_scope().cancelled()) {
      TROUPE_ASSERT(options_.driver != nullptr, failure.c_str());
      is_stuck_ = true;
      throw deadlock_error(failure, true);
    }
    top.cancel(cancel_reason::shutdown);
  }
  while (abandoned_fibers() != 0 && (step() || fire_next())) {
  }
  TROUPE_ASSERT(abandoned_fibers() == 0, "a child that its supervisor has abandoned never ends");
  if (options_.driver != nullptr)
    options_.driver->run_ends();
  if (is_livelock)
    throw livelock_error(failure);
  if (!failure.empty())
    throw deadlock_error(failure);
}

bool simulator::fire_next() {
  if (options_.clock == clock_mode::manual || !clock_.has_timers())
    return false;
  if (options_.driver != nullptr)
    options_.driver->before_time_passes();
  clock_.fire_next();
  if (options_.driver != nullptr)
    options_.driver->after_step();
  return true;
}

bool simulator::only_daemons_wait(fiber& top) {
  bool daemon = false;
  bool other = false;
  top.visit_tree([&](fiber& visited) {
    if (!visited.waiting())
      return;
    if (visited.waits_how() == fiber::wait_kind::daemon)
      daemon = true;
    else if (visited.waits_how() == fiber::wait_kind::plain)
      other = true; // a shielded wait is a group's join: it waits for those we look at
  });
  return daemon && !other;
}

std::string simulator::report(fiber& top) const {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.now().time_since_epoch()).count();
  std::string lines = detail::wait_report(top);
  for (const step_source* const each : sources_)
    lines += each->report();
  return "  at " + std::to_string(now) + " ns of virtual time, seed " + std::to_string(options_.seed) + ":\n" + lines +
         (options_.clock == clock_mode::manual && clock_.has_timers()
              ? "  (timers are pending, and the clock is manual: call advance)\n"
              : "");
}

} // namespace troupe
