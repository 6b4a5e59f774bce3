#include "account.hpp"

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

task<> two_deposits(simulation& sim) {
  account::store& kept = sim.make<account::store>();
  sim.at_end("no deposit is done twice", [&] { return kept.balance <= 200; });
  co_await account::service(kept);
  sim.require(kept.balance == 200, "both are done");
}

} // namespace

TEST_CASE("two deposits are done in any order of events") {
  explore({.time_passes_at_any_moment = false}, two_deposits);
}

TEST_CASE("no deposit is done twice when the account crashes") { sweep(fault::crash, two_deposits); }

TEST_CASE("the account is started anew, and the service goes on, whenever it crashes") {
  explore({.time_passes_at_any_moment = false}, [](simulation& sim) -> task<> {
    sim.arm(crash("account"));
    sim.sometimes("the account was started anew", false);
    expect(sim, {restarted_at_most("account", 1), never(gave_up("/"))});
    co_await two_deposits(sim);
    sim.sometimes("the account was started anew", sim.restarts("account") != 0);
  });
}
