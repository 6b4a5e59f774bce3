// Each scenario: its books hold in every order and cancelled before every step, and notice what is wrong with it.

#include <tests/scenarios/all_applications.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/simulation/simulator.hpp>

#include <set>

using namespace troupe;
using namespace troupe::tests;

namespace {

struct one_run {
  std::unique_ptr<application> of;
  std::uint64_t steps = 0;
};

/// @throws `deadlock_error`, `livelock_error`
one_run run(std::unique_ptr<application> of, const simulation_options& options) {
  simulator simulated{options};
  static_cast<void>(simulated.run(&application::run, of.get())); // it may end in any way
  return {std::move(of), simulated.steps()};
}

} // namespace

TEST_CASE("the books of each scenario hold in any order, on both clocks", "[scenarios]") {
  for (const application_kind& each : all_applications()) {
    std::size_t whole = 0, runs = 0;
    over_seeds(200, [&](const simulation_options& options) {
      INFO(each.name);
      const one_run done = run(each.make(options.seed), options);
      REQUIRE(done.of->problems() == "");
      if (options.clock == clock_mode::autojump) {
        ++runs;
        whole += done.of->whole() ? 1 : 0;
      }
    });
    INFO(each.name);
    CHECK(whole == runs); // where time passes only when nobody can run, nothing befalls it
  }
}

TEST_CASE("the books of each scenario hold when it is cancelled before any of its steps", "[scenarios]") {
  for (const application_kind& each : all_applications())
    for (std::uint64_t seed = 0; seed < seeds(4); ++seed)
      for (const clock_mode clock : {clock_mode::autojump, clock_mode::race}) {
        INFO((clock == clock_mode::race ? "race clock" : "autojump clock"));
        const std::uint64_t runs = cancelled_at_every_step(seed, clock, [&](const simulation_options& options) {
          INFO(each.name);
          const one_run done = run(each.make(options.seed), options);
          REQUIRE(done.of->problems() == "");
          return done.steps;
        });
        INFO(each.name);
        CHECK((runs > 20 || clock == clock_mode::race)); // a limit may pass at once there
      }
}

TEST_CASE("the books of each scenario notice what is wrong with its own logic", "[scenarios]") {
  for (const application_kind& each : all_applications()) {
    std::size_t noticed = 0;
    for (std::uint64_t seed = 0; seed < seeds(40); ++seed)
      noticed += run(each.make_broken(seed), {.seed = seed}).of->problems().empty() ? 0 : 1;
    INFO(each.name << ": " << each.mistake);
    CHECK(noticed > 0);
  }
}

TEST_CASE("a scenario is repeated by its seed", "[scenarios]") {
  for (const application_kind& each : all_applications()) {
    INFO(each.name);
    CHECK(run(each.make(7), {.seed = 7}).steps == run(each.make(7), {.seed = 7}).steps);
  }
}
