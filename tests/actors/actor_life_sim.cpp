#include "office.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("each message to an actor is handled or lost once, and told so, whenever and however it is stopped",
          "[actors][C3][C8][C11][E6][F1][F2]") {
  std::size_t lost = 0, handled = 0;
  over_seeds(2'000, [&](const simulation_options& options) {
    office seen{any_office(options.seed)};
    simulator simulated{options};
    const outcome<> ended = simulated.run([&] { return seen.run(); });
    CHECK(ended.has_value());
    INFO(seen.problems());
    CHECK(seen.problems().empty());
    lost += seen.count_lost();
    handled += seen.count_handled();
  });
  CHECK(lost > 1'000);
  CHECK(handled > 1'000);
}

TEST_CASE("an actor that is cancelled at each step in turn loses no message without a word", "[actors][E6][F2]") {
  for (std::uint64_t seed = 0; seed < seeds(20); ++seed)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race})
      static_cast<void>(cancelled_at_every_step(seed, clock, [&](const simulation_options& options) {
        office seen{any_office(seed)};
        simulator simulated{options};
        const outcome<> ended = simulated.run([&] { return seen.run(); });
        CHECK_FALSE(ended.has_error());
        return simulated.steps();
      }));
}
