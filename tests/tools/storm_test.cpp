#include <troupe/tools/storm.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/observe/text_sink.hpp>
#include <troupe/simulation/simulator.hpp>

#include <optional>

using namespace troupe;
using namespace troupe::tests;
using namespace troupe::tools;
using namespace std::chrono_literals;

namespace {

storm_options with(unsigned crash_percent, std::uint64_t seed, duration lasts = 3s) {
  storm_options options;
  options.crash_percent = crash_percent;
  options.seed = seed;
  options.lasts = lasts;
  return options;
}

bool go_on() { return true; }

/// The whole run, with what it leaves behind.
outcome<> simulated(storm_run& run, std::uint64_t seed, std::string* story = nullptr) {
  text_sink told{[story](std::string_view line) {
                   if (story != nullptr)
                     *story += line;
                 },
                 &run.tally};
  simulator simulated{{.seed = seed, .sink = &told}};
  return simulated.run(storm, std::ref(run));
}

void check_books(const storm_run& run) {
  const books audited = audit(run);
  INFO(report(run, audited, 1s, ""));
  REQUIRE(all_hold(audited));
}

} // namespace

TEST_CASE("the books of a storm hold, however many crash, and in any order of events", "[tools]") {
  std::uint64_t escalations = 0;
  for (const unsigned percent : {0U, 4U, 30U, 100U})
    for (std::uint64_t seed = 0; seed < seeds(20); ++seed) {
      INFO("seed " << seed << ", " << percent << " %");
      storm_run run{with(percent, seed), go_on};
      const outcome<> how = simulated(run, seed);
      check_books(run);
      REQUIRE(how.has_error() == (run.gave_up != nullptr));
      REQUIRE(how.has_error() == (run.tally.of("/app").escalations == 1));
      REQUIRE((run.tally.total().failures == 0) == (percent == 0));
      REQUIRE(run.tally.of("/app/archive").abandoned == 1);
      escalations += run.tally.total().escalations;
    }
  CHECK(escalations > 20);
}

TEST_CASE("a storm that is too strong ends the app, which tells the chain of causes", "[tools]") {
  storm_run run{with(100, 1), go_on};
  REQUIRE(simulated(run, 1).has_error());
  const std::string text = report(run, audit(run), 1s, "");
  INFO(text);
  CHECK(text.find("/app gave up:\n/app/") != std::string::npos);
  CHECK(text.find("failed, and that was one restart too many\n  because /app/") != std::string::npos);
  CHECK(text.find("\n    because it ") != std::string::npos);
}

TEST_CASE("a section of a storm that gives up while it starts is started anew, as at any other time", "[tools]") {
  storm_options options = with(30, 1);
  options.workers = 100;
  storm_run run{options, go_on};
  REQUIRE(simulated(run, 1).has_error());
  check_books(run);
  const std::string text = report(run, audit(run), 1s, "");
  INFO(text);
  for (const storm_section& each : storm_sections)
    CHECK(run.tally.of(std::string("/app/") + each.name).starts != 0);
  CHECK(run.tally.of("/app").escalations == 1);
  CHECK(text.find("/app gave up:\n/app/") != std::string::npos);
}

TEST_CASE("the same seed tells the same story of a storm", "[tools]") {
  std::string stories[3];
  for (const int i : {0, 1, 2}) {
    storm_run run{with(4, i == 2 ? 6 : 5), go_on};
    static_cast<void>(simulated(run, i == 2 ? 6 : 5, &stories[i]));
  }
  CHECK(stories[0] == stories[1]);
  CHECK(stories[0] != stories[2]);
  for (const char* part :
       {"is ready", "failed: ", "restarts in", "is asked to stop", "has stopped", "is killed", "abandoned"}) {
    INFO(part);
    CHECK(stories[0].find(part) != std::string::npos);
  }
}

TEST_CASE("a cancel at any step of a storm stops its tree, and the books hold", "[tools]") {
  for (std::uint64_t seed = 0; seed < seeds(1); ++seed)
    for (std::uint64_t step = 0;; ++step) {
      INFO("seed " << seed << ", cancelled before step " << step);
      storm_options options = with(20, seed, 300ms);
      options.workers = 2;
      storm_run run{options, go_on};
      simulator simulated{{.seed = seed, .cancel_at_step = step, .sink = &run.tally}};
      static_cast<void>(simulated.run(storm, std::ref(run)));
      check_books(run);
      if (simulated.steps() < step)
        break;
    }
}

TEST_CASE("the books of a storm show a run that has no end, and one that nobody has counted", "[tools]") {
  storm_run run{with(4, 1, 100ms), go_on};
  static_cast<void>(simulated(run, 1));
  check_books(run);
  ++run.alive;
  CHECK(failures_in(audit(run)) == "  alive at the end = none: 1 = 0\n");
  --run.alive;
  run.note_starts("/app/serve", 1);
  CHECK(failures_in(audit(run)).find("paths of which these differ = none: 1 = 0") != std::string::npos);
  run.tally.on_tree_event({.time = {}, .kind = tree_event_kind::begun, .path = "/app/serve", .incarnation = 9});
  CHECK(failures_in(audit(run)).find("starts without an end, or with two = none: 1 = 0") != std::string::npos);
}
