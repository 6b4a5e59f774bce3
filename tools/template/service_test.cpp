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

struct seen {
  book kept;
  long told = 0; ///< What clients were told is done.
};

task<> client(account_ref to, int number, long amount, long& told) {
  co_await deposit_once(to, number, amount);
  told += amount;
}

/// The tree of main.cpp with two clients that end. It is run thousands of times, each time from its beginning.
task<long> two_clients(simulation& sim) {
  seen& all = sim.make<seen>();
  sim.at_end("no deposit is done twice", [&] { return all.kept.balance <= 300; });
  sim.at_end("what a client was told is done", [&] { return all.told <= all.kept.balance; });
  co_await supervise(service_options, [&](supervisor& top) -> task<> {
    const account_ref to = co_await start_service(top, all.kept);
    co_await in_task_group([&](task_group& clients) {
      clients.start({.name = "anna"}, client, to, 1, 100, std::ref(all.told));
      clients.start({.name = "bert"}, client, to, 2, 200, std::ref(all.told));
    });
  });
  co_return all.told;
}

} // namespace

TEST_CASE("deposits are done in any order of events") {
  explore({.schedules = 1'000, .time_passes_at_any_moment = false}, [](simulation& sim) -> task<> {
    const long told = co_await two_clients(sim);
    sim.require(told == 300, "both are done");
  });
}

TEST_CASE("no deposit is lost or done twice, whatever fails") {
  sweep(all_faults, [](simulation& sim) -> task<> { co_await two_clients(sim); });
}

TEST_CASE("the journal is started anew whenever it crashes, and the clients do not notice") {
  explore({.schedules = 1'000, .time_passes_at_any_moment = false}, [](simulation& sim) -> task<> {
    sim.arm(crash("journal"));
    sim.sometimes("the journal was started anew", false);
    expect(sim, {restarted_at_most("journal", 1), never(gave_up("/"))});
    const long told = co_await two_clients(sim);
    sim.require(told == 300, "both are done");
    sim.sometimes("the journal was started anew", sim.restarts("journal") != 0);
  });
}
