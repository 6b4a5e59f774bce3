#include <troupe/supervision/supervisor.hpp>

#include "nemesis.hpp"

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("a random tree comes to rest under any harm, in any schedule, and leaves nothing behind",
          "[supervision][A9][A10]") {
  std::size_t escalations = 0;
  std::size_t runs = 0;
  over_seeds(1'000, [&](simulation_options options) {
    nemesis tree{options.seed};
    simulator simulated{options};
    const outcome<> ended =
        simulated.run([&]() -> task<> { static_cast<void>(co_await move_on_after(1ms, tree.run())); });
    CHECK_FALSE(ended.has_error());
    CHECK(tree.problems() == "");
    escalations += tree.escalations();
    runs += tree.runs();
  });
  CHECK(escalations > 10);
  CHECK(runs > 10'000);
}

TEST_CASE("a tree that is cancelled at any step comes to rest and leaves nothing behind", "[supervision][A9]") {
  for (std::uint64_t seed = 0; seed < seeds(4); ++seed)
    static_cast<void>(cancelled_at_every_step(seed, clock_mode::autojump, [seed](simulation_options options) {
      nemesis tree{seed};
      simulator simulated{options};
      const outcome<> ended =
          simulated.run([&]() -> task<> { static_cast<void>(co_await move_on_after(50us, tree.run())); });
      CHECK_FALSE(ended.has_error());
      CHECK(tree.problems() == "");
      return simulated.steps();
    }));
}
