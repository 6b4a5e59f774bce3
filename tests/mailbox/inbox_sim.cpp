#include <troupe/mailbox/inbox.hpp>

#include <tests/mailbox/simulated.hpp>
#include <tests/mailbox/upheaval.hpp>

#include <cstdint>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;

namespace {

std::string describe(std::uint64_t round, clock_mode clock) {
  return "round " + std::to_string(round) + (clock == clock_mode::race ? ", racing clock" : ", jumping clock");
}

/// What goes wrong in one run; `steps` is how many it took.
std::string run_once(std::uint64_t round, simulation_options options, std::uint64_t& steps) {
  upheaval all{upheaval_of(round)};
  step_invariants invariants;
  options.steps_max = 1'000'000;
  options.before_step = [&](std::uint64_t) { invariants.look(all.box().statistics()); };
  simulator world{std::move(options)};
  std::string problems;
  try {
    const outcome<> ended = world.run(&upheaval::run, &all);
    if (ended.has_error())
      problems = message_of(ended.error()) + '\n';
  } catch (const std::exception& stuck) {
    problems = stuck.what();
  }
  steps = world.steps();
  return problems + invariants.problems() + all.problems();
}

} // namespace

TEST_CASE("items and halves that wander between fibers are all accounted for, however it ends",
          "[mailbox][C5][C6][C7][C9]") {
  for (std::uint64_t round = 0; round < seeds(2'000); ++round)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race}) {
      INFO(describe(round, clock));
      std::uint64_t steps = 0;
      REQUIRE(run_once(round, {.seed = round, .clock = clock}, steps) == "");
    }
}

TEST_CASE("items and halves that wander between fibers are all accounted for after a cancel at any step",
          "[mailbox][C5][C6][C7][C9]") {
  for (std::uint64_t round = 0; round < seeds(144); ++round)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race})
      for (std::uint64_t k = 0, steps = 0; k <= steps; ++k) {
        INFO(describe(round, clock) << ", cancelled before step " << k);
        REQUIRE(run_once(round, {.seed = round, .clock = clock, .cancel_at_step = k}, steps) == "");
      }
}
