// Cycles of waits in every order: each is found, and nothing else is taken for one.

#include <troupe/actors/actor.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>

#include <array>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t actors = 4;
constexpr std::size_t nobody = actors;

/// Asks the first of `path` to go on along the rest, and tells the others of `tells` something first.
struct job {
  std::vector<std::size_t> path;
  std::size_t tells = nobody;
  std::uint64_t id = 0;
  reply<int> to;
};
struct remark {};
using jobs = message<job, remark>;

/// What the actors themselves know: whom each waits for, and whether that has answered by now.
struct account {
  struct wait {
    std::size_t whom = nobody;
    std::uint64_t id = 0;
    bool for_room = false;
  };
  std::vector<actor_ref<jobs>> refs;
  std::array<wait, actors> waits{};
  std::array<std::uint64_t, actors> works_on{};
  std::vector<bool> answered{false};
  int cycles = 0, timeouts = 0;

  /// The wait of `closing` is part of a cycle.
  bool confirms(std::size_t closing) const {
    std::size_t at = closing;
    for (std::size_t hops = 0; hops <= actors; ++hops) {
      const wait& next = waits[at];
      if (next.whom == nobody || (!next.for_room && answered[next.id]))
        return false;
      at = next.whom;
      if (at == closing)
        return true;
    }
    return false;
  }
};

/// @returns how many were asked
task<int> ask_on(account& known, std::size_t self, std::vector<std::size_t> path, std::size_t tells) {
  if (path.empty())
    co_return 0;
  const std::size_t next = path.front();
  path.erase(path.begin());
  const std::uint64_t id = known.answered.size();
  known.answered.push_back(false);
  if (self != nobody)
    known.waits[self] = {next, id, false};
  const outcome<int> ended = co_await as_outcome(known.refs[next].ask<job>(std::move(path), tells, id));
  if (ended.has_error()) {
    try {
      std::rethrow_exception(ended.error());
    } catch (const ask_error& failed) {
      if (failed.why() == ask_failure::would_deadlock) {
        ++known.cycles;
        if (failed.nothing_begun()) { // else it has waited for what comes of the work, and others went on
          CHECK(known.confirms(self));
          CHECK(known.works_on[next] != id);
        }
      } else {
        ++known.timeouts;
      }
    }
  }
  if (self != nobody)
    known.waits[self] = {};
  co_return ended.has_error() ? 1 : 1 + outcome<int>{ended}.value();
}

task<> tell_on(account& known, std::size_t self, std::size_t whom) {
  known.waits[self] = {whom, 0, true};
  bool cycle = false;
  try {
    co_await known.refs[whom].tell<remark>();
  } catch (const would_deadlock&) {
    cycle = true;
  }
  if (cycle) {
    ++known.cycles;
    CHECK(known.confirms(self));
  }
  known.waits[self] = {};
}

task<> worker(inbox<jobs> in, account& known, std::size_t self) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](job& asked) -> task<> {
          known.works_on[self] = asked.id;
          if (asked.tells != nobody)
            co_await tell_on(known, self, asked.tells);
          const int behind = co_await ask_on(known, self, asked.path, asked.tells);
          known.answered[asked.id] = true;
          asked.to(behind);
        },
        [](remark&) {});
}

/// Runs clients whose paths `draw(random)` gives, and whose tells `whom(random)` gives.
template <class Draw, class Whom>
account run_jobs(const simulation_options& options, std::size_t capacity, Draw draw, Whom whom) {
  account known;
  simulator simulated{options};
  std::mt19937_64 random{options.seed};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i < actors; ++i)
        known.refs.push_back(group.start_actor({.capacity = capacity}, worker, std::ref(known), i));
      co_await in_task_group([&](task_group& clients) {
        for (int i = 0; i < 4; ++i)
          clients.start([&known, path = draw(random), tells = whom(random)]() -> task<> {
            co_await ask_on(known, nobody, path, tells);
          });
      });
      group.cancel();
    });
  });
  CHECK(ended.has_value());
  return known;
}

std::size_t any(std::mt19937_64& random, std::size_t below) { return static_cast<std::size_t>(random() % below); }

} // namespace

TEST_CASE("every cycle of asks and full mailboxes is found, and each that is found was one", "[actors][C4]") {
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
    int cycles = 0;
    over_seeds(1'000, [&](const simulation_options& options) {
      const account known = run_jobs(
          options, capacity,
          [](std::mt19937_64& random) {
            std::vector<std::size_t> path;
            for (std::size_t length = 2 + any(random, 3); path.size() < length;)
              path.push_back(any(random, actors));
            return path;
          },
          [](std::mt19937_64& random) { return any(random, 2) == 0 ? nobody : any(random, actors); });
      cycles += known.cycles;
      // On the clock that jumps, a limit passes only when nobody can go on.
      if (options.clock == clock_mode::autojump)
        CHECK(known.timeouts == 0);
    });
    CHECK(cycles > 0);
  }
}

TEST_CASE("actors that ask in one order only never close a cycle", "[actors][C4]") {
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{100}}) {
    over_seeds(1'000, [&](const simulation_options& options) {
      const account known = run_jobs(
          options, capacity,
          [](std::mt19937_64& random) {
            std::vector<std::size_t> path;
            for (std::size_t at = any(random, 2); at < actors; at += 1 + any(random, 2))
              path.push_back(at);
            return path;
          },
          [](std::mt19937_64&) { return nobody; });
      CHECK(known.cycles == 0);
      if (options.clock == clock_mode::autojump)
        CHECK(known.timeouts == 0);
    });
  }
}
