// An order service of actors: reserve, commit in a shield, notify. Cancelled before every single step it is never torn.

#include <tests/scenarios/order_service.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/simulation/simulator.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("an order is whole or was never placed, cancelled before every step", "[scenarios][B4][B5][B6]") {
  std::size_t whole = 0, stopped = 0;
  for (std::uint64_t seed = 0; seed < seeds(100); ++seed)
    for (std::uint64_t k = 0;; ++k) {
      INFO("seed " << seed << ", orders cancelled before step " << k);
      order_service_scenario shop{seed};
      simulator simulated{{.seed = seed, .before_step = [&](std::uint64_t step) {
                             if (step == k)
                               shop.cancel_orders();
                           }}};
      const outcome<> ended = simulated.run(&order_service_scenario::run, &shop);
      CHECK(ended.has_value());
      CHECK(shop.problems() == "");
      whole += shop.whole() ? 1 : 0;
      stopped += shop.placed() == 0 ? 1 : 0;
      if (simulated.steps() < k)
        break;
    }
  CHECK(whole > 0);
  CHECK(stopped > 0);
}

TEST_CASE("an order is whole or was never placed, whenever its time is up", "[scenarios][B2][B6][B7]") {
  for (std::uint64_t seed = 0; seed < seeds(100); ++seed)
    for (const duration limit : {duration{-1s}, duration{0s}, duration{1ms}, duration{1s}, duration{2500ms},
                                 duration{4s}, duration{5s}, duration{7s}, duration{11s}, duration{1h}}) {
      INFO("seed " << seed << ", limit " << limit.count());
      order_service_scenario shop{seed, logic::right, limit};
      simulator simulated{{.seed = seed}};
      const outcome<> ended = simulated.run(&order_service_scenario::run, &shop);
      CHECK(ended.has_value());
      CHECK(shop.problems() == "");
      if (limit <= 0s)
        CHECK(shop.steps() == 0);
      if (limit == 1h)
        CHECK(shop.whole());
    }
}
