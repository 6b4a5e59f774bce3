// Whether the service keeps its promise: in any order of events, and with a fault at any step.

#include "service.hpp"

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif

#include <troupe/testing/explore.hpp>
#include <troupe/testing/matchers.hpp>

using namespace troupe;

namespace {

/// The tree of main.cpp with two clients that end. It is run thousands of times, each time from its beginning.
task<> two_clients(simulation& sim) {
  book& kept = sim.make<book>();
  sim.at_end("no deposit is done twice", [&] { return kept.balance <= 300; });
  co_await supervise(service_options, [&](supervisor& top) -> task<> {
    const account_ref to = co_await start_service(top, kept);
    co_await in_task_group([&](task_group& clients) {
      clients.start({.name = "anna"}, deposit_once, to, 1, 100);
      clients.start({.name = "bert"}, deposit_once, to, 2, 200);
    });
  });
  sim.require(kept.balance == 300, "both deposits are done");
}

} // namespace

TEST_CASE("deposits are done in any order of events") {
  explore({.schedules = 1'000, .time_passes_at_any_moment = false}, two_clients);
}

TEST_CASE("no deposit is lost or done twice, whatever fails") { sweep(all_faults, two_clients); }

TEST_CASE("the journal is started anew whenever it crashes, and the clients do not notice") {
  explore({.schedules = 1'000, .time_passes_at_any_moment = false}, [](simulation& sim) -> task<> {
    sim.arm(crash("journal"));
    sim.sometimes("the journal was started anew", false);
    expect(sim, {restarted_at_most("journal", 1), never(gave_up("/"))});
    co_await two_clients(sim);
    sim.sometimes("the journal was started anew", sim.restarts("journal") != 0);
  });
}
