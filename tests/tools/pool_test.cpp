#include <troupe/tools/pool.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/failures.hpp>

#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace troupe::tools;

namespace {

pool_options with(std::uint64_t messages, unsigned crash_percent, std::uint32_t redeliveries, std::uint64_t seed) {
  pool_options options;
  options.messages = messages;
  options.crash_percent = crash_percent;
  options.redeliveries = redeliveries;
  options.seed = seed;
  return options;
}

bool go_on(const pool_run&, instant) { return true; }

outcome<> simulated(pool_run& run, simulation_options options) {
  options.sink = &run.tally;
  simulator simulated{options};
  outcome<> how = simulated.run(pool, std::ref(run));
  run.give_up_rest();
  return how;
}

void check_books(const pool_run& run, bool whole) {
  const books audited = audit(run, whole);
  INFO(report(run, audited, duration{1}, ""));
  REQUIRE(all_hold(audited));
}

} // namespace

TEST_CASE("each message of a pool is handled or given up, once, in any order of events", "[tools]") {
  for (const std::size_t at_most : {1U, 100U})
    for (const unsigned percent : {1U, 20U, 100U})
      for (const std::uint32_t redeliveries : {0U, 2U})
        for (std::uint64_t seed = 0; seed < seeds(50); ++seed) {
          INFO("seed " << seed << ", capacity " << at_most << ", " << percent << " %, " << redeliveries << " again");
          pool_options options = with(100, percent, redeliveries, seed);
          options.capacity = at_most;
          pool_run run{options, go_on};
          REQUIRE(simulated(run, {.seed = seed}).has_value());
          check_books(run, true);
          if (percent == 100)
            REQUIRE(run.ids.audit().handled == 0);
        }
}

TEST_CASE("messages that are given again are handled where they crash no more", "[tools]") {
  pool_run once{with(2'000, 10, 0, 1), go_on};
  REQUIRE(simulated(once, {}).has_value());
  pool_run again{with(2'000, 10, 3, 1), go_on};
  REQUIRE(simulated(again, {}).has_value());
  CHECK(once.ids.audit().undelivered == once.crashes_expected);
  CHECK(once.crashes_expected > 100);
  CHECK(again.ids.audit().undelivered < 5);
  check_books(again, true);
}

TEST_CASE("a cancel at any step of a pool leaves no message without an end", "[tools]") {
  for (const std::size_t at_most : {1U, 100U})
    for (std::uint64_t seed = 0; seed < seeds(2); ++seed)
      for (std::uint64_t step = 0;; ++step) {
        INFO("seed " << seed << ", capacity " << at_most << ", cancelled before step " << step);
        pool_options options = with(12, 30, 1, seed);
        options.capacity = at_most;
        options.consumers = 3;
        pool_run run{options, go_on};
        simulator simulated{{.seed = seed, .cancel_at_step = step, .sink = &run.tally}};
        const outcome<> how = simulated.run(pool, std::ref(run));
        run.give_up_rest();
        INFO((how.has_error() ? message_of(how.error()) : std::string()));
        REQUIRE(!how.has_error());
        check_books(run, how.has_value());
        if (simulated.steps() < step)
          break;
      }
}

TEST_CASE("a pool with more crashes than its intensity gives up, and its books hold", "[tools]") {
  for (std::uint64_t seed = 0; seed < seeds(50); ++seed) {
    INFO("seed " << seed);
    pool_options options = with(500, 20, 1, seed);
    options.intensity = 10;
    pool_run run{options, go_on};
    REQUIRE(simulated(run, {.seed = seed}).has_error());
    check_books(run, false);
    REQUIRE(run.tally.of("/pool").escalations == 1);
    REQUIRE(run.tally.total().restarts <= 10);
  }
}

TEST_CASE("which messages of a pool crash is what the seed says, whoever handles them", "[tools]") {
  const auto drawn = [](std::uint64_t seed) { return crashes_drawn(with(100'000, 1, 0, seed)); };
  CHECK(drawn(1) == drawn(1));
  CHECK(drawn(1) != drawn(2));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CHECK(drawn(seed) > 850);
    CHECK(drawn(seed) < 1'150);
  }
  CHECK(crashes_drawn(with(1'000, 0, 3, 1)) == 0);
  CHECK(crashes_drawn(with(1'000, 100, 3, 1)) == 4'000);
}

TEST_CASE("the books of a pool show a message that is lost, and one that is handled twice", "[tools]") {
  pool_run lost{with(100, 0, 0, 1), go_on};
  REQUIRE(simulated(lost, {}).has_value());
  check_books(lost, true);
  lost.ids.note_handled(7); // as if once more
  CHECK(failures_in(audit(lost, true)).find("handled twice") != std::string::npos);
  CHECK(report(lost, audit(lost, true), duration{1}, "").find("message 7: sent 1, handled 2") != std::string::npos);

  pool_run forgetful{with(100, 50, 1, 1), go_on};
  simulator simulated{{.sink = &forgetful.tally}};
  REQUIRE(simulated.run(pool, std::ref(forgetful)).has_value());
  forgetful.ids.note_sent(100); // sent twice
  CHECK(failures_in(audit(forgetful, true)).find("ids sent twice") != std::string::npos);
}
