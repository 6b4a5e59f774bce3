// The applications and the standard scenes under schedules of the testing kit and all of its faults.

#include "all_applications.hpp"
#include "judged.hpp"
#include "standard_scenes.hpp"

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/testing/explore.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::tests;

namespace {

constexpr std::uint64_t seed = 7; // of what an application draws by itself

struct past_finding {
  std::string_view scene;
  std::string_view schedule;
};

/// Schedules that something was wrong in once: with troupe, or with the rules.
constexpr std::array past_findings = {
    // A restart was due while the children that it takes in still stopped: its wait begins after that.
    past_finding{"two_levels", "cancel_all@43,autojump/1:"},
    // A start failed that nobody had asked for, and one that was asked for later was taken back.
    past_finding{"services_one_for_all", "failing_start@8,race/14:10011110101001111110110111(109)"},
    // A child that never had started was stopped and removed at once, and forgotten twice.
    past_finding{"busy_one_for_all", "race/14:1(12)1001(6)[2*8]321[2*22]0[2*22]04132002223322222044430212212215553"},
};

/// The faults that cannot strike an application, by what it is made of: no mailbox that refuses, no limit, nothing that it
/// cleans up, no supervisor, no fault point, no stream. All others do.
constexpr std::string_view faults_without_opportunity = R"(crawler: overflow hang failing_start fault_point reset
pool: overflow deadline hang fault_point reset
order service: overflow reset
fan-out: deadline hang failing_start fault_point reset
flaky dependency: overflow hang fault_point reset
proxy: overflow hang failing_start fault_point
connection server: overflow hang failing_start fault_point
storm: overflow deadline hang fault_point reset
ask cycle: overflow hang failing_start fault_point reset
mailbox traffic: overflow deadline hang failing_start fault_point reset
supervised crash: overflow hang fault_point reset
nested deadlines: overflow failing_start fault_point reset
exit stacks: overflow failing_start fault_point reset
nested groups: overflow failing_start fault_point reset
)";

} // namespace

TEST_CASE("each standard scene holds under the schedules of a budget", "[scenarios]") {
  for (const scene_kind& kind : standard_scenes()) {
    INFO(kind.name);
    const exploration done =
        explore({.schedules = seeds(1'000)}, [&](simulation& sim) { return judged(sim, kind.make()); });
    CHECK(done.schedules >= 100);
  }
}

TEST_CASE("each standard scene holds under a sweep of all faults", "[scenarios]") {
  for (const scene_kind& kind : standard_scenes()) {
    INFO(kind.name);
    const exploration done = sweep(all_faults, [&](simulation& sim) { return judged(sim, kind.make()); });
    CHECK(done.faults[static_cast<std::size_t>(fault::crash)] > 10);
  }
}

TEST_CASE("the schedules that something was once wrong in are right", "[scenarios]") {
  for (const past_finding& each : past_findings) {
    const auto kind = std::find_if(standard_scenes().begin(), standard_scenes().end(),
                                   [&](const scene_kind& one) { return one.name == each.scene; });
    REQUIRE(kind != standard_scenes().end());
    INFO(each.scene << '=' << each.schedule);
    CHECK_NOTHROW(replay(each.schedule, [&](simulation& sim) { return judged(sim, kind->make()); }));
  }
}

TEST_CASE("each application holds under the schedules of a budget", "[scenarios]") {
  for (const application_kind& kind : all_applications()) {
    INFO(kind.name);
    const exploration done =
        explore({.schedules = seeds(1'000)}, [&](simulation& sim) { return judged(sim, kind.make(seed)); });
    CHECK(done.schedules >= 100);
  }
}

TEST_CASE("each application survives a sweep of all faults", "[scenarios]") {
  std::string never; // what a sweep of it tries is not less than it was
  std::uint64_t bytes = 0;
  for (const application_kind& kind : all_applications()) {
    INFO(kind.name);
    const exploration done = sweep(all_faults, [&](simulation& sim) { return judged(sim, kind.make(seed)); });
    CHECK(done.faults[static_cast<std::size_t>(fault::crash)] > 10);
    never += std::string(kind.name) + ':';
    for (const std::string& each : done.never_struck)
      never += ' ' + each;
    never += '\n';
    bytes += done.looks[static_cast<std::size_t>(invariant::bytes)];
  }
  CHECK(never == faults_without_opportunity);
  CHECK(bytes > 1'000);
}
