#include <tests/programs/runs.hpp>
#include <tests/programs/shrink.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;

namespace {

constexpr std::size_t schedules = sanitized ? 20 : 100;

/// What the runs of a test have met in all.
struct met {
  std::uint64_t sent = 0;
  std::uint64_t handled = 0;
  std::uint64_t returned = 0;
  std::array<std::uint64_t, drop_reasons> dropped{};
  std::size_t runs = 0;
  std::size_t failed = 0;
  std::size_t calm = 0;

  void add(const run_report& run) {
    ++runs;
    failed += run.failed ? 1 : 0;
    for (const mailbox_statistics& each : run.totals) {
      sent += each.sent;
      handled += each.handled;
      returned += each.returned;
      for (std::size_t i = 0; i < drop_reasons; ++i)
        dropped[i] += each.dropped[i];
    }
  }
};

bool same(const event& a, const event& b) {
  return a.time == b.time && a.kind == b.kind && a.object == b.object && a.subject == b.subject && a.cause == b.cause;
}

/// Runs it twice under one schedule; empty when both runs have the same events.
std::string repeated(const program& of, std::size_t schedule) {
  std::vector<event> events[2];
  for (std::vector<event>& all : events)
    simulate(of, schedule_of(of, schedule), false, fault::none, &all);
  bool equal = !events[0].empty() && events[0].size() == events[1].size();
  for (std::size_t i = 0; equal && i < events[0].size(); ++i)
    equal = same(events[0][i], events[1][i]);
  return equal ? "" : "two runs of the same schedule have different events\n";
}

/// Runs it under each schedule until something is wrong, and says what.
std::string problems_under_schedules(const program& of, met& all) {
  std::vector<std::uint64_t> calm_totals;
  for (std::size_t i = 0; i < schedules; ++i) {
    INFO("schedule " << i);
    run_report run = simulate(of, schedule_of(of, i), i % 20 == 0);
    all.add(run);
    if (of.calm) {
      if (calm_totals.empty())
        calm_totals = totals_of(run);
      else if (totals_of(run) != calm_totals)
        run.problems += "a program without races has other totals than under another schedule\n";
    }
    if (run.problems.empty() && i < 2)
      run.problems = repeated(of, i);
    if (!run.problems.empty())
      return "schedule " + std::to_string(i) + ": " + run.problems;
  }
  return {};
}

} // namespace

TEST_CASE("a thousand random programs keep the same books under each of a hundred schedules",
          "[programs][C5][C9][A3]") {
  met all;
  int failures = 0;
  for (std::uint64_t seed = 0; seed < seeds(1'000) && failures < 3; ++seed) {
    const program of = program::from_seed(seed);
    INFO(of.describe());
    all.calm += of.calm ? 1 : 0;
    if (problems_under_schedules(of, all).empty())
      continue;
    ++failures;
    met ignored;
    const program small = shrunk(of, [&](const program& p) { return !problems_under_schedules(p, ignored).empty(); });
    FAIL_CHECK("made smaller:\n" << small.describe() << problems_under_schedules(small, ignored));
  }
  CHECK(failures == 0);
  INFO(all.runs << " runs, " << all.failed << " with an error, " << all.sent << " items sent, " << all.handled
                << " handled, " << all.returned << " returned");
  // They use all there is.
  CHECK(all.calm > 0);
  CHECK(all.failed > all.runs / 20);
  CHECK(all.failed < all.runs / 2);
  CHECK(all.handled > all.sent / 2);
  CHECK(all.returned > 0);
  for (std::size_t i = 0; i < drop_reasons; ++i) {
    INFO(name_of(i));
    if (static_cast<drop_reason>(i) != drop_reason::restarting) // that is for actors of supervisors
      CHECK(all.dropped[i] > 0);
  }
}
