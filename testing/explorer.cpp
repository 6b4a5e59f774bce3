#include <troupe/observe/words.hpp>
#include <troupe/testing/explorer.hpp>
#include <troupe/testing/progress.hpp>
#include <troupe/testing/trace_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <span>

namespace troupe::detail {

namespace {

constexpr std::size_t shrinking_runs_max = 1'000;
constexpr std::uint64_t shrinking_steps_max = 2'000'000; // some seconds
constexpr std::size_t two_deviations_max = 2'000;
constexpr std::size_t runs_per_check_of_determinism = 50;
constexpr std::size_t lines_of_story = 200;
constexpr std::size_t lines_of_steps = 40;

/// The points after the last deviation of a run, each with the choices that there were.
struct tail {
  std::vector<std::uint16_t> picks;
  std::vector<std::uint16_t> widths;
  std::size_t from;
};

std::size_t alternatives(const tail& of) noexcept {
  std::size_t count = 0;
  for (std::size_t at = of.from; at < of.widths.size(); ++at)
    count += of.widths[at] - std::size_t{1};
  return count;
}

/// A story of which the middle is left out, where it is too long to be read: how it began, and how it came to its end.
std::string shortened(const std::string& story) {
  const auto lines = static_cast<std::size_t>(std::count(story.begin(), story.end(), '\n'));
  if (lines <= lines_of_story)
    return story;
  const std::size_t from_each = lines_of_story / 2;
  const auto after = [&](std::size_t count) { // so many lines
    std::size_t at = 0;
    for (; count != 0; --count)
      at = story.find('\n', at) + 1;
    return at;
  };
  return fmt::format("{}  ... {} lines more: TROUPE_TRACE has all of them ...\n{}", story.substr(0, after(from_each)),
                     lines - 2 * from_each, story.substr(after(lines - from_each)));
}

} // namespace

explorer::explorer(budget limits, const scenario& what, const explored_as& told)
    : limits_(limits), told_(told), run_(what, limits.steps_max) {}

explorer::~explorer() = default;

std::uint64_t explorer::mixed(std::uint64_t seed, std::uint64_t number) noexcept {
  seeded_random random{seed * 0x9e37'79b9'7f4a'7c15U + number};
  return random.next();
}

bool explorer::was_interrupted() noexcept { return progress::interrupted(); }

std::string explorer::last_words() const {
  return fmt::format("troupe: the program dies in run {} of {}; to have that again: {}\n", done_.schedules + 1,
                     told_.name(), told_.again(run_.under_way().text()));
}

run_result explorer::run(const run_plan& plan) {
  run_result result = run_.run(plan);
  ++done_.schedules;
  done_.steps_total += result.steps;
  done_.steps_max = std::max(done_.steps_max, result.steps);
  done_.steps_min = done_.schedules == 1 ? result.steps : std::min(done_.steps_min, result.steps);
  if (plan.strategy == nullptr && plan.given.picks.empty()) // what was drawn may have kept somebody waiting
    longest_ = std::max(longest_, result.widths.size());
  if (!run_.found().good())
    fail(plan, result);
  if (done_.schedules % runs_per_check_of_determinism == 1) {
    run_plan again = plan;
    again.given = result.taken;
    again.strategy = nullptr;
    again.draws = result.draws;
    const run_result repeated = run_.run(again);
    if (repeated.hash != result.hash) {
      strategy_ = "the same schedule, twice";
      const violation differs{
          invariant::determinism,
          "the same schedule is not the same run: something in the scenario looks at the real clock, "
          "at a random device, at addresses, or at what an earlier run has left",
          0,
          {}};
      throw broken(report(again, differs, done_.schedules), {differs}, again.text(), done_.schedules);
    }
  }
  progress::show(done_.schedules, counts_to_end_ ? limits_.schedules : 0);
  return result;
}

// ---- what is tried ---------------------------------------------------------------------------------------------------

bool explorer::replays_instead() {
  const char* const wanted = std::getenv("TROUPE_REPLAY");
  if (wanted == nullptr || *wanted == '\0')
    return false;
  replay(run_plan::parse(wanted));
  fmt::print(stderr, "TROUPE_REPLAY: the run holds. What happened in it:\n{}", story_of(run_.seen()));
  fmt::print(stderr, "{}", write_wanted_trace(run_.seen()));
  return true;
}

void explorer::simulate(clock_mode clock) {
  if (replays_instead())
    return;
  strategy_ = "a simulation";
  const auto random = random_walk();
  random->begin_run(limits_.seed, 0);
  run({{clock, 1, {}}, random.get(), std::nullopt, limits_.seed, true});
}

void explorer::replay(const run_plan& plan) {
  strategy_ = "a replay";
  run_plan told = plan;
  told.keeps_all = true;
  if (const run_result result = run(told); !result.misfit.empty())
    throw schedule_error(fmt::format("\"{}\" does not fit {}: {}. What was decided there is another thing since the "
                                     "scenario, or what it tests, has changed: nothing of the old run is shown by it",
                                     plan.text(), told_.name(), result.misfit));
}

std::span<const clock_mode> explorer::clocks() const noexcept {
  static constexpr std::array both = {clock_mode::race, clock_mode::autojump};
  return limits_.time_passes_at_any_moment ? std::span{both} : std::span{both}.subspan(1);
}

exploration explorer::explore() {
  if (replays_instead())
    return done_;
  {
    const progress shown{told_.name()};
    plainly();
    with_deviations();
    draw();
  }
  return finished();
}

/// As it runs where nobody interferes, also with many operations at a time.
void explorer::plainly() {
  strategy_ = "the order in which fibers become ready";
  for (const int operations : {256, 1})
    if (!is_out_of_budget())
      run({{clock_mode::autojump, operations, {}}, nullptr, std::nullopt, limits_.seed, false});
}

/// All schedules with one deviation; then those with two, where there are few.
void explorer::with_deviations() {
  const run_plan plain{{clocks().front(), 1, {}}, nullptr, std::nullopt, limits_.seed, false};
  const run_result base = run(plain);
  const tail from_base{base.taken.picks, base.widths, 0};
  // Half of the budget at most: where there are too many, some of them, evenly.
  const std::size_t all = alternatives(from_base);
  const std::size_t most = limits_.schedules / 2;
  const std::size_t stride = all > most ? all / std::max<std::size_t>(most, 1) + 1 : 1;
  std::vector<tail> tails;
  std::size_t two = 0;
  std::size_t number = 0;
  strategy_ = "one deviation";
  for (std::size_t at = 0; at < base.widths.size(); ++at)
    for (std::uint16_t pick = 1; pick < base.widths[at]; ++pick) {
      if (number++ % stride != 0)
        continue;
      if (is_out_of_budget())
        return;
      run_plan plan = plain;
      plan.given.picks.assign(at + 1, 0);
      plan.given.picks[at] = pick;
      const run_result result = run(plan);
      ++done_.one_deviation;
      if (two <= two_deviations_max) {
        tails.push_back({result.taken.picks, result.widths, at + 1});
        two += alternatives(tails.back());
      }
    }
  done_.all_of_one = stride == 1;
  if (stride != 1 || two > two_deviations_max || two + done_.schedules > limits_.schedules)
    return;
  strategy_ = "two deviations";
  for (const tail& each : tails)
    for (std::size_t at = each.from; at < each.widths.size(); ++at)
      for (std::uint16_t pick = 1; pick < each.widths[at]; ++pick) {
        if (is_out_of_budget())
          return;
        run_plan plan = plain;
        plan.given.picks.assign(each.picks.begin(), each.picks.begin() + static_cast<std::ptrdiff_t>(at));
        plan.given.picks.push_back(pick);
        run(plan);
        ++done_.two_deviations;
      }
  done_.all_of_two = true;
}

/// The strategies in turn: they fail on different faults.
void explorer::draw() {
  const std::array strategies = {random_walk(), priorities_with_changes(3), priorities_with_changes(5),
                                 partial_order_sampling()};
  const std::span<const clock_mode> clocks = this->clocks();
  constexpr std::array operations = {1, 1, 3, 64};
  for (std::uint64_t number = 0; !is_out_of_budget(); ++number) {
    search_strategy& chosen = *strategies[number % strategies.size()];
    const std::uint64_t round = number / strategies.size();
    strategy_ = chosen.name();
    chosen.begin_run(mixed(limits_.seed, number), longest_);
    run({{clocks[round % clocks.size()], operations[round / clocks.size() % operations.size()], {}},
         &chosen,
         std::nullopt,
         limits_.seed + 1 + round,
         false});
  }
}

exploration explorer::sweep(fault_set faults, std::size_t seeds) {
  if (replays_instead())
    return done_;
  {
    const progress shown{told_.name()};
    counts_to_end_ = false;
    TROUPE_ASSERT(seeds != 0, "sweep() needs at least one order: with none it would run nothing and pass");
    for (std::size_t i = 0; i < faults_count; ++i)
      for (std::size_t seed = 0; faults.has(static_cast<fault>(i)) && seed < seeds; ++seed)
        sweep(static_cast<fault>(i), seed);
  }
  for (std::size_t i = 0; i < faults_count; ++i)
    if (faults.has(static_cast<fault>(i)) && done_.faults[i] == 0)
      (faults == all_faults ? done_.never_struck : vain_).emplace_back(to_string(static_cast<fault>(i)));
  return finished();
}

/// One kind of fault in one order.
void explorer::sweep(fault what, std::size_t seed) {
  const auto random = random_walk();
  for (std::uint64_t at = 0; !was_interrupted(); ++at) {
    strategy_ = seed == 0 ? "a sweep" : "a sweep in a random order";
    random->begin_run(mixed(limits_.seed, seed), longest_);
    const run_plan plan{{seed % 2 == 0 ? clock_mode::race : clock_mode::autojump, 1, {}},
                        seed == 0 ? nullptr : random.get(),
                        swept_fault{what, at},
                        limits_.seed,
                        false};
    const run_result result = run(plan);
    if (!result.fault_had_its_turn)
      return;
    if (done_.schedules >= limits_.schedules)
      throw broken(
          fmt::format("{}: a sweep of more than {} schedules, and not all of it was tried: it came to {}. Give it "
                      "a larger schedules_max, or make the scenario smaller\n",
                      told_.name(), limits_.schedules, plan.swept->text()),
          {{invariant::own, "the sweep is too long", 0, {}}}, "", done_.schedules);
    done_.faults[static_cast<std::size_t>(what)] += result.fault_struck ? 1 : 0;
  }
}

exploration explorer::finished() {
  for (std::size_t i = 0; i < invariants_count; ++i)
    done_.looks[i] = run_.found().looks(static_cast<invariant>(i));
  if (was_interrupted())
    progress::end_by_interrupt(fmt::format("{}: interrupted after {}", told_.name(), done_.text()));
  for (std::string& each : run_.never_struck(false))
    done_.never_struck.push_back(std::move(each));
  for (std::string& each : run_.never_struck(true))
    vain_.push_back(std::move(each));
  require_none_of(
      run_.never_happened(), "what should happen in some run never did",
      "Either the scenario cannot reach it, and proves less than it seems to, or it takes a larger budget.");
  require_none_of(
      vain_, "a fault that the test names has never struck",
      "Either there is nothing that it could strike, as where a name is misspelt, or it takes a larger budget.");
  return done_;
}

/// A test that has proved less than it says.
void explorer::require_none_of(const std::vector<std::string>& never, std::string_view what,
                               std::string_view why) const {
  if (never.empty())
    return;
  std::string text = fmt::format("{}: {}, in {} runs:\n", told_.name(), what, done_.schedules);
  for (const std::string& each : never)
    text += "  " + each + '\n';
  throw broken(fmt::format("{}{}\n", text, why), {{invariant::own, "never happened: " + never.front(), 0, {}}}, "",
               done_.schedules);
}

// ---- a run was wrong -------------------------------------------------------------------------------------------------

bool explorer::still_fails(const run_plan& plan, invariant which) {
  run_.run(plan);
  return !run_.found().good() && run_.found().violations().front().which == which;
}

/// Fewer and smaller deviations, as long as the same invariant is violated first.
run_plan explorer::shrunk(run_plan failed, invariant which) {
  std::size_t left = shrinking_runs_max;
  std::uint64_t steps = 0;
  const auto try_instead = [&](run_plan smaller) {
    smaller.given.trim();
    if (left == 0 || smaller.given == failed.given)
      return false;
    --left;
    const bool fails = still_fails(smaller, which);
    steps += run_.steps();
    if (steps > shrinking_steps_max)
      left = 0;
    if (!fails)
      return false;
    failed = std::move(smaller);
    return true;
  };
  failed.given.trim();
  for (bool changed = true; changed && left != 0;) {
    changed = false;
    // Whole stretches first, then single picks, from the back.
    for (std::size_t length = failed.given.picks.size(); length != 0; length /= 2)
      for (std::size_t end = failed.given.picks.size(); end != 0 && left != 0;) {
        end = std::min(end, failed.given.picks.size());
        const std::size_t begin = end > length ? end - length : 0;
        run_plan smaller = failed;
        std::fill(smaller.given.picks.begin() + static_cast<std::ptrdiff_t>(begin),
                  smaller.given.picks.begin() + static_cast<std::ptrdiff_t>(end), std::uint16_t{0});
        changed = try_instead(std::move(smaller)) || changed;
        end = begin;
      }
    for (std::size_t at = failed.given.picks.size(); at-- > 0 && left != 0;)
      if (at < failed.given.picks.size() && failed.given.picks[at] > 1) {
        run_plan smaller = failed;
        smaller.given.picks[at] = 1;
        changed = try_instead(std::move(smaller)) || changed;
      }
  }
  return failed;
}

void explorer::fail(const run_plan& plan, const run_result& of) {
  const std::size_t found_after = done_.schedules;
  const violation first = run_.found().violations().front();
  run_plan exact = plan;
  exact.strategy = nullptr;
  exact.keeps_all = false;
  exact.given = of.taken;
  exact.draws = of.draws;
  run_plan small = still_fails(exact, first.which) ? shrunk(exact, first.which) : exact;
  small.keeps_all = true;
  if (run_result last = run_.run(small); !last.misfit.empty()) {
    // The text must fit the scenario when somebody gives it to `replay`. What was tried had more than the run has used.
    small.given = std::move(last.taken);
    small.given.trim();
    if (!last.fault_had_its_turn)
      small.swept.reset();
    run_.run(small);
  }
  const bool repeats = !run_.found().good();
  const std::vector<violation> told = repeats ? run_.found().violations() : std::vector{first};
  std::string text = report(small, told.front(), found_after);
  if (!repeats)
    text += "The same schedule did not show it again: something in the scenario is not decided by the schedule.\n";
  try {
    text += write_wanted_trace(run_.seen());
  } catch (const std::exception& failed) { // what was found counts for more
    text += fmt::format("TROUPE_TRACE: {}\n", failed.what());
  }
  throw broken(text, told, small.text(), found_after);
}

std::string explorer::report(const run_plan& small, const violation& first, std::size_t found_after) const {
  std::string text = fmt::format("{}: {}\n", to_string(first.which), first.what);
  text += fmt::format("at step {}, {} of virtual time; found by {} in run {} (seed {}), {}\n", first.step,
                      in_words(first.at.time_since_epoch()), strategy_, found_after, limits_.seed, told_.name());
  text += fmt::format("To have it again: {}\n", told_.again(small.text()));
  if (!run_.waits().empty() && first.which != invariant::no_deadlock && first.which != invariant::progress)
    text += "Who waited for what then:\n" + run_.waits();
  const std::string story = shortened(story_of(run_.seen()));
  if (!story.empty())
    text += "What happened, made as short as it could be:\n" + story;
  else if (const std::string steps = last_steps_of(run_.seen(), lines_of_steps); !steps.empty())
    text += "The last steps, of a run made as short as it could be:\n" + steps;
  std::set<std::string> told{fmt::format("{}: {}", to_string(first.which), first.what)};
  for (const violation& each : run_.found().violations())
    if (std::string line = fmt::format("{}: {}", to_string(each.which), each.what); told.insert(line).second)
      text += fmt::format("also: {}\n", line);
  return text;
}

} // namespace troupe::detail
