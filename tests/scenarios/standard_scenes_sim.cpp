#include "standard_scenes.hpp"

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/testing/explore.hpp>

#include <string>

using namespace troupe;
using namespace troupe::tests;

namespace {

task<> run_scene(simulation& sim, const scene_kind& kind) {
  scene& made = *sim.make<std::unique_ptr<scene>>(kind.make());
  sim.at_end([&made] { return made.problems(); });
  // What comes out of it is its own affair, as long as its books hold.
  static_cast<void>(co_await as_outcome(made.run()));
}

} // namespace

TEST_CASE("each standard scene holds under the schedules of a budget", "[scenarios]") {
  for (const scene_kind& kind : standard_scenes()) {
    INFO(kind.name);
    const exploration done =
        explore({.schedules = seeds(1'000)}, [&](simulation& sim) { return run_scene(sim, kind); });
    INFO(done.text());
    CHECK(done.schedules >= 1'000);
  }
}

TEST_CASE("each standard scene holds under a sweep of all faults", "[scenarios]") {
  for (const scene_kind& kind : standard_scenes()) {
    INFO(kind.name);
    const exploration done = sweep(all_faults, [&](simulation& sim) { return run_scene(sim, kind); });
    INFO(done.text());
    CHECK(done.faults[static_cast<std::size_t>(fault::crash)] > 10);
  }
}
