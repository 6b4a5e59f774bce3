#include <troupe/simulation/simulator.hpp>

#include <chrono>

namespace troupe {

// The base is given the clock before it is constructed: it only keeps the reference.
simulator::simulator(simulation_options options)
    : executor(clock_, options.sink), options_(std::move(options)), random_(options_.seed),
      offloads_(options_.offload_threads_max) {}

simulator::~simulator() {
  TROUPE_ASSERT(ready_.empty(), "a simulator went away with ready fibers: its roots must have ended");
  TROUPE_ASSERT(!clock_.has_timers(), "a simulator went away with pending timers: its roots must have ended");
}

int simulator::operations_per_slice() noexcept {
  if (options_.cancel_at_step)
    return 1;
  const std::uint64_t drawn = random_.next();
  return (drawn & 1U) != 0 ? 1 : 1 + static_cast<int>((drawn >> 1U) % 16);
}

bool simulator::step() {
  const bool timer_is_choice = options_.clock == clock_mode::race && clock_.has_timers();
  const std::size_t functions = offloads_.startable();
  const std::size_t choices = ready_.size() + functions + (timer_is_choice ? 1 : 0);
  if (choices == 0)
    return false;
  if (options_.before_step)
    options_.before_step(steps_);
  ++steps_;
  const std::size_t chosen = random_.below(choices);
  if (chosen >= ready_.size() + functions) {
    clock_.fire_next();
    return true;
  }
  if (chosen >= ready_.size()) {
    offloads_.run_at(chosen - ready_.size());
    return true;
  }
  fiber* const next = ready_[chosen];
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(chosen));
  detail::note_time(clock_.now());
  next->run();
  return true;
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
    TROUPE_ASSERT(steps_ <= options_.steps_max, "a simulated tree does not stop: it runs for ever after a cancel");
    if (step())
      continue;
    if (fire_next())
      continue;
    if (!top.root_scope().cancelled() && only_daemons_wait(top)) {
      top.cancel(cancel_reason::shutdown);
      continue;
    }
    if (failure.empty())
      failure = "deadlock after " + std::to_string(steps_) + " steps: nobody can run\n" + report(top);
    TROUPE_ASSERT(!top.root_scope().cancelled(), failure.c_str());
    top.cancel(cancel_reason::shutdown);
  }
  while (abandoned_fibers() != 0 && (step() || fire_next())) {
  }
  TROUPE_ASSERT(abandoned_fibers() == 0, "a child that its supervisor has abandoned never ends");
  if (is_livelock)
    throw livelock_error(failure);
  if (!failure.empty())
    throw deadlock_error(failure);
}

bool simulator::fire_next() {
  if (options_.clock == clock_mode::manual || !clock_.has_timers())
    return false;
  clock_.fire_next();
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
  std::string lines;
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.now().time_since_epoch()).count();
  top.visit_tree([&](fiber& visited) {
    lines += "  fiber " + std::to_string(visited.number()) + " at " + visited.path();
    if (visited.waiting()) {
      lines += std::string(" waits to ") + visited.waits_to();
      if (visited.waits_on() != nullptr)
        lines += ": " + visited.waits_on()->describe();
      if (visited.waits_how() == fiber::wait_kind::daemon)
        lines += " (daemon)";
    } else {
      lines += " is ready";
    }
    lines += '\n';
  });
  return "  at " + std::to_string(now) + " ns of virtual time, seed " + std::to_string(options_.seed) + ":\n" + lines +
         (options_.clock == clock_mode::manual && clock_.has_timers()
              ? "  (timers are pending, and the clock is manual: call advance)\n"
              : "");
}

} // namespace troupe
