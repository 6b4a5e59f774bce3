#include <troupe/scope/deadline.hpp>
#include <troupe/scope/fault_point.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/wait_report.hpp>
#include <troupe/supervision/escalated.hpp>
#include <troupe/supervision/supervised_child.hpp>
#include <troupe/supervision/supervisor_core.hpp>
#include <troupe/testing/probe.hpp>
#include <troupe/testing/scenario_run.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>

namespace troupe::detail {

namespace {

constexpr std::string_view seed_begins = "seed=";

/// The test says that something is wrong: a probe does, or an assertion of the test's framework, whose exceptions are not
/// of the standard's. Whatever befalls the tree, that is no consequence of a fault.
bool is_said_by_test(const std::exception_ptr& error) {
  if (error == nullptr)
    return false;
  try {
    std::rethrow_exception(error);
  } catch (const unexpected_message&) {
    return true;
  } catch (const error_group& group) {
    return std::any_of(group.errors().begin(), group.errors().end(),
                       [](const group_error& each) { return is_said_by_test(each.error); });
  } catch (const escalated& given_up) {
    return std::any_of(given_up.failures().begin(), given_up.failures().end(),
                       [](const child_failure& each) { return is_said_by_test(each.reason.error); });
  } catch (const start_failed& child) {
    return is_said_by_test(child.cause());
  } catch (const std::exception&) {
    return false;
  } catch (...) {
    return true;
  }
}

} // namespace

std::string run_plan::text() const {
  return (draws && seed != 0 ? std::string(seed_begins) + std::to_string(seed) + ',' : "") +
         (swept ? swept->text() + ',' : "") + given.text();
}

run_plan run_plan::parse(std::string_view text) {
  run_plan made;
  for (std::size_t comma = text.find(','); comma != text.npos; comma = text.find(',')) {
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(comma + 1);
    if (!part.starts_with(seed_begins)) {
      made.swept = swept_fault::parse(part);
      continue;
    }
    const std::string_view number = part.substr(seed_begins.size());
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), made.seed);
    if (error != std::errc{} || end != number.data() + number.size())
      throw schedule_error("\"" + std::string(part) + "\" is no seed: a number should follow, as in seed=5");
    made.draws = true;
  }
  made.given = schedule::parse(text);
  return made;
}

scenario_run::scenario_run(const scenario& what, std::uint64_t steps_max)
    : scenario_(what), steps_max_(steps_max), simulation_(new simulation(verdict_)) {}

scenario_run::~scenario_run() = default;

std::vector<std::string> scenario_run::never_happened() const {
  std::vector<std::string> all;
  for (const auto& [what, happened] : simulation_->sometimes_)
    if (!happened)
      all.push_back(what);
  return all;
}

std::vector<std::string> scenario_run::never_struck(bool by_name) const {
  std::vector<std::string> all;
  for (const auto& [what, aim] : simulation_->aims_)
    if (aim.by_name == by_name && !aim.has_struck)
      all.push_back(what);
  return all;
}

run_result scenario_run::run(const run_plan& plan) {
  begin(plan);
  bool is_stuck = false;
  try {
    const outcome<> ended = simulator_->run([this] { return scenario_(*simulation_); });
    judge(ended);
  } catch (const deadlock_error& stopped) {
    is_stuck = stopped.is_stuck();
    verdict_.violated(invariant::no_deadlock, stopped.what());
  } catch (const livelock_error& stopped) {
    is_stuck = stopped.is_stuck();
    verdict_.violated(invariant::progress, stopped.what());
  }
  verdict_.looked(invariant::no_deadlock);
  verdict_.looked(invariant::progress);
  result_.steps = steps_ = simulator_->steps();
  result_.hash = seen().hash();
  result_.draws = simulation_->draws_;
  result_.fault_struck = result_.fault_had_its_turn && simulation_->was_harmed();
  if (!is_stuck && simulator_->clock().has_timers()) {
    is_stuck = true;
    verdict_.violated(invariant::nothing_left,
                      std::to_string(simulator_->clock().timers()) + " timers are left at the end of the run");
  }
  look_for_misfit();
  if (is_stuck) { // what is left refers to all of this, for ever
    static_cast<void>(simulator_.release());
    static_cast<void>(new auto(simulation_->kept_));
  }
  forget_the_run();
  return std::move(result_);
}

run_plan scenario_run::under_way() const {
  run_plan exact;
  exact.given = result_.taken;
  exact.given.trim();
  exact.swept = plan_ != nullptr ? plan_->swept : std::nullopt;
  exact.seed = simulation_->seed_;
  exact.draws = simulation_->draws_;
  return exact;
}

void scenario_run::begin(const run_plan& plan) {
  plan_ = &plan;
  result_ = {};
  result_.taken.clock = plan.given.clock;
  result_.taken.operations = plan.given.operations;
  opportunities_ = 0;
  paths_.clear();
  idle_.clear();
  waits_.clear();
  simulation_->serves_ = false;
  simulation_->trace_.begin_run(plan.keeps_all);
  simulation_->harmed_ = 0;
  verdict_.is_on_time =
      plan.given.clock == clock_mode::autojump && !(plan.swept && plan.swept->what == fault::deadline);
  simulation_->seed_ = plan.seed;
  simulation_->draws_ = false;
  fault_random_ = seeded_random{~plan.seed}; // other numbers than those that the scenario draws
  simulation_options options;
  options.clock = plan.given.clock;
  options.steps_max = steps_max_;
  options.sink = &simulation_->trace_;
  options.driver = this;
  simulator_ = std::make_unique<simulator>(std::move(options));
  simulation_->simulator_ = simulator_.get();
}

void scenario_run::judge(const outcome<>& ended) {
  if (ended.has_error())
    result_.how_it_ended = "failed: " + message_of(ended.error());
  else if (ended.cancelled())
    result_.how_it_ended = "was cancelled: " + std::string(to_string(ended.cause().reason));
  if (ended.has_error() && (!simulation_->was_harmed() || is_said_by_test(ended.error())))
    verdict_.violated(invariant::own, "the scenario " + result_.how_it_ended);
  if (ended.cancelled() && !simulation_->was_harmed() && !simulation_->serves_)
    verdict_.violated(invariant::own,
                      "the scenario did not return, so what it requires at its end was not looked at: it " +
                          (idle_.empty() ? result_.how_it_ended : idle_));
  simulation_->trace_.at_end(simulator_->clock().now());
  for (const auto& each : simulation_->finally_)
    simulation_->require(each.holds(), each.what);
  for (const auto& each : simulation_->problems_)
    if (const std::string problems = each(); !problems.empty())
      simulation_->require(false, problems);
}

/// What was planned for later than the run has come.
void scenario_run::look_for_misfit() {
  const std::vector<std::uint16_t>& given = plan_->given.picks;
  const std::size_t points = result_.taken.picks.size();
  if (!result_.misfit.empty())
    return;
  if (plan_->swept && !result_.fault_had_its_turn)
    result_.misfit = plan_->swept->text() + " has no turn: there are " + std::to_string(opportunities_) +
                     " opportunities for that fault, counted from 0";
  else if (given.size() > points && std::any_of(given.begin() + static_cast<std::ptrdiff_t>(points), given.end(),
                                                [](auto at) { return at != 0; }))
    result_.misfit = "it decides what is chosen at " + std::to_string(given.size()) + " points, and the run has " +
                     std::to_string(points);
}

void scenario_run::forget_the_run() {
  const std::vector<std::uint64_t>& hangs = seen().hangs();
  for (const armed_fault& each : simulation_->armed_)
    if (each.what() != fault::hang ? each.has_struck()
                                   : std::any_of(hangs.begin(), hangs.end(), [&](std::uint64_t who) {
                                       return who < paths_.size() &&
                                              each.concerns(paths_[who]); // looked up when it was struck
                                     }))
      simulation_->aims_[each.text()].has_struck = true;
  simulation_->always_.clear();
  simulation_->finally_.clear();
  simulation_->problems_.clear();
  simulation_->armed_.clear();
  while (!simulation_->kept_.empty()) // last made, first gone
    simulation_->kept_.pop_back();
  simulator_.reset();
}

// ---- what the simulator asks -----------------------------------------------------------------------------------------

std::size_t scenario_run::pick(std::span<const choice> all) {
  const std::size_t at = result_.taken.picks.size();
  std::size_t chosen = 0;
  if (at < plan_->given.picks.size()) {
    chosen = std::min<std::size_t>(plan_->given.picks[at], all.size() - 1); // of a smaller schedule that is tried
    if (chosen != plan_->given.picks[at] && result_.misfit.empty())
      result_.misfit = "at point " + std::to_string(at) + " it takes choice " + std::to_string(plan_->given.picks[at]) +
                       " of " + std::to_string(all.size()) + ", counted from 0";
  } else if (plan_->strategy != nullptr)
    chosen = plan_->strategy->pick(all);
  result_.taken.picks.push_back(static_cast<std::uint16_t>(chosen));
  result_.widths.push_back(static_cast<std::uint16_t>(all.size()));
  simulation_->trace_.note_choice(static_cast<std::uint64_t>(all[chosen].kind), all[chosen].number);
  return chosen;
}

void scenario_run::offer(std::vector<choice>& all) {
  if (simulation_->armed_.empty())
    return;
  const std::size_t ready = all.size();
  for (std::size_t which = 0; which < simulation_->armed_.size(); ++which) {
    const armed_fault& armed = simulation_->armed_[which];
    for (std::size_t i = 0; i < ready && armed.times_left() != 0 && !armed.is_planned(); ++i)
      if (all[i].kind == choice_kind::fiber && can_strike(*all[i].runs, armed.what()) &&
          armed.concerns(path_of(*all[i].runs)))
        all.push_back({choice_kind::other, which, 0, all[i].runs});
  }
}

void scenario_run::take(const choice& offered) {
  armed_fault& armed = simulation_->armed_[offered.number];
  armed.strike();
  harm(*offered.runs, armed.what());
}

const std::string& scenario_run::path_of(fiber& of) {
  if (of.number() >= paths_.size())
    paths_.resize(of.number() + 16);
  std::string& known = paths_[of.number()];
  if (known.empty())
    known = of.path();
  return known;
}

void scenario_run::before_run(fiber& next, std::uint64_t step) {
  if (step == 0)
    root_ = &next; // there is nobody else yet
  trace& seen = simulation_->trace_;
  seen.note_step(step);
  if (seen.keeps_all())
    seen.note_run(next);
  if (plan_->swept && !result_.fault_had_its_turn && can_strike(next, plan_->swept->what) &&
      strikes_now(plan_->swept->what))
    harm(next, plan_->swept->what);
  for (armed_fault& armed : simulation_->armed_)
    if (armed.is_planned() && can_strike(next, armed.what()) && armed.concerns(path_of(next)) && strikes(armed))
      harm(next, armed.what());
}

void scenario_run::after_step() {
  simulation_->trace_.after_step();
  for (const auto& each : simulation_->always_)
    if (!each.holds())
      verdict_.violated(invariant::own, each.what);
  if (plan_->keeps_all && !verdict_.good() && waits_.empty() && !root_->ended())
    waits_ = wait_report(*root_);
}

void scenario_run::before_shutdown(fiber& top) {
  if (!simulation_->was_harmed() && !simulation_->serves_)
    idle_ =
        "was shut down where only those wait who are idle by nature (a service says sim.serves())\n" + wait_report(top);
}

void scenario_run::before_time_passes() { simulation_->trace_.at_rest(simulator_->clock().now()); }

// ---- faults ----------------------------------------------------------------------------------------------------------

bool scenario_run::strikes_now(fault what) noexcept {
  if (!plan_->swept || plan_->swept->what != what || opportunities_++ != plan_->swept->at)
    return false;
  result_.fault_had_its_turn = true;
  return true;
}

bool scenario_run::can_strike(const fiber& next, fault what) const noexcept {
  switch (what) {
  case fault::cancel_all:
    return !root_->root_scope().cancelled();
  case fault::crash:
    return next.runs_code() != fiber::code::of_library && !next.is_harmed();
  case fault::cancel:
    return next.runs_code() == fiber::code::of_users && &next != root_;
  case fault::deadline:
    return next.runs_code() == fiber::code::of_users && deadline_scope::earliest_around(next) != instant::max();
  case fault::hang:
    return next.runs_code() == fiber::code::of_users && !next.is_harmed(); // whenever it cleans up next
  case fault::overflow:
  case fault::reset:
  case fault::failing_start:
  case fault::fault_point:
    return false; // these have their own opportunities
  }
  return false;
}

void scenario_run::harm(fiber& next, fault what) {
  if (what != fault::hang) // that harms once the fiber cleans up, if it does
    ++simulation_->harmed_;
  switch (what) {
  case fault::crash:
    return next.suffer(fiber::harm::crash);
  case fault::hang:
    return next.suffer(fiber::harm::hang);
  case fault::cancel_all:
    return root_->root_scope().cancel();
  case fault::cancel:
    if (supervised_child* const child = incarnation_scope::of(next); child != nullptr)
      return child->supervisor().cancel_run(*child, false);
    return next.root_scope().cancel();
  case fault::deadline: {
    virtual_clock& clock = simulator_->clock();
    const instant until = deadline_scope::earliest_around(next);
    while (clock.has_timers() && clock.next() <= until)
      clock.fire_next();
    return;
  }
  case fault::overflow:
  case fault::reset:
  case fault::failing_start:
  case fault::fault_point:
    return;
  }
}

void scenario_run::reach_fault_point(std::string_view name) {
  const bool is_start = name == "supervisor.child.start"; // reached by the fiber of that child
  const fault what = is_start ? fault::failing_start : fault::fault_point;
  const bool is_swept = strikes_now(what);
  if (!is_chosen_to_strike(what, is_start ? path_of(*this_fiber::pointer()) : name) && !is_swept)
    return;
  ++simulation_->harmed_;
  throw injected_fault{name};
}

bool scenario_run::strikes(armed_fault& planned) {
  simulation_->draws_ = simulation_->draws_ || planned.is_drawn();
  return planned.strikes(planned.is_drawn() ? fault_random_.next() : 0);
}

/// One that is armed: as planned; else whether it strikes here is a choice like any other.
bool scenario_run::is_chosen_to_strike(fault what, std::string_view where) {
  bool as_planned = false; // each counts the opportunity
  for (armed_fault& each : simulation_->armed_)
    if (each.is_planned() && each.what() == what && each.concerns(where) && strikes(each))
      as_planned = true;
  if (as_planned)
    return true;
  const auto armed = std::find_if(simulation_->armed_.begin(), simulation_->armed_.end(), [&](const armed_fault& each) {
    return !each.is_planned() && each.what() == what && each.times_left() != 0 && each.concerns(where);
  });
  if (armed == simulation_->armed_.end())
    return false;
  const std::uint64_t by = this_fiber::pointer()->number();
  const std::array<choice, 2> both{choice{choice_kind::fiber, by}, choice{choice_kind::other, by}};
  if (pick(both) == 0)
    return false;
  armed->strike();
  return true;
}

bool scenario_run::strikes_here(fault what) noexcept {
  const bool is_swept = strikes_now(what);
  if (!is_chosen_to_strike(what, path_of(*this_fiber::pointer())) && !is_swept)
    return false;
  ++simulation_->harmed_;
  return true;
}

/// All of them, where nobody interferes; one, or about half.
std::size_t scenario_run::moves_at_once(std::size_t most, std::uint64_t stream) {
  const std::array<choice, 3> all{choice{choice_kind::delivery, stream}, choice{choice_kind::other, stream},
                                  choice{choice_kind::other, stream}};
  const std::size_t chosen = pick(all);
  return chosen == 0 ? most : chosen == 1 ? 1 : (most + 1) / 2;
}

} // namespace troupe::detail
