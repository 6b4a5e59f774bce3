#include <troupe/runtime/caf_simulation.hpp>

#include <tests/catch.hpp>

#include <troupe/testing/explore.hpp>

#include <caf/all.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using add_atom = caf::atom_constant<caf::atom("add")>;
using get_atom = caf::atom_constant<caf::atom("get")>;
using set_atom = caf::atom_constant<caf::atom("set")>;

// -- ping-pong -----------------------------------------------------------------------------------------------------------

caf::behavior pong(caf::event_based_actor*) {
  return {[](int ball) { return ball + 1; }};
}

void ping(caf::event_based_actor* self, caf::actor other, int rounds, int* last) {
  if (rounds == 0)
    return self->quit();
  self->request(other, caf::infinite, *last).then([=](int ball) {
    *last = ball;
    ping(self, other, rounds - 1, last);
  });
}

task<> ping_pong(simulation& sim) {
  int& last = sim.make<int>(0);
  co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
    system.spawn(ping, system.spawn(pong), 5, &last);
    co_return;
  });
  sim.require(last == 5, "the ball was lost");
}

} // namespace

TEST_CASE("plain CAF actors play ping-pong under a thousand schedules", "[runtime][caf_actors]") {
  const exploration done = explore({.schedules = 1000}, ping_pong);
  INFO(done.text());
  CHECK(done.schedules == 1000);
}
