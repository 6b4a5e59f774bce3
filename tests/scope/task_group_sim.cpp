#include <troupe/scope/task_group.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// One child of the race: starts further ones, yielding in between, and may be the one that closes the group.
struct race {
  census arguments;
  std::size_t begun = 0;
  std::size_t left = 0; ///< exit paths
  std::size_t starts = 0;
  std::size_t refused = 0;
  std::vector<child<int>> handles;
};

task<int> started(counted, race& of) {
  struct exit_path {
    race& of;
    explicit exit_path(race& in) : of(in) {}
    ~exit_path() { ++of.left; }
  };
  ++of.begun;
  const exit_path at_exit{of};
  co_await yield();
  co_await sleep_for(1ms);
  co_return 1;
}

task<> starter(task_group& group, race& of, std::uint64_t seed, int times, int cancel_at) {
  seeded_random random{seed};
  for (int i = 0; i < times; ++i) {
    if (i == cancel_at)
      group.cancel();
    const bool closing = group.stopping();
    const std::size_t before = of.arguments.alive();
    ++of.starts;
    of.handles.push_back(group.start(started, counted{of.arguments}, std::ref(of)));
    if (closing) {
      ++of.refused;
      const child<int>& refused = of.handles.back();
      CHECK(refused.ended());
      CHECK(refused.result().cancelled());
      CHECK(refused.result().cause().reason == cancel_reason::scope_closed);
      CHECK(of.arguments.alive() == before); // gone at once
    }
    if (closing || random.below(3) == 0)
      continue; // a cancelled fiber would not come back from a wait
    if (random.below(2) == 0)
      co_await yield();
    else
      co_await sleep_for(1ms);
  }
}

void check_accounts(const race& done) {
  CHECK(done.arguments.alive() == 0);
  CHECK(done.handles.size() == done.starts);
  CHECK(done.begun == done.left);
  std::size_t refused = 0;
  for (const child<int>& each : done.handles) {
    REQUIRE(each.ended());
    if (each.result().cancelled() && each.result().cause().reason == cancel_reason::scope_closed)
      ++refused;
  }
  CHECK(refused + done.begun == done.starts);
}

} // namespace

TEST_CASE("spawn races close: each start either runs its exit path once or is refused", "[scope][A3]") {
  std::size_t refused = 0;
  over_seeds(1'000, [&](const simulation_options& options) {
    race all;
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        for (std::uint64_t i = 0; i < 3; ++i)
          group.start(starter, std::ref(group), std::ref(all), options.seed * 3 + i, 6,
                      i == 1 ? static_cast<int>(options.seed % 7) : -1);
      });
    });
    CHECK(ended.has_value());
    check_accounts(all);
    refused += all.refused;
  });
  CHECK(refused > 0);
}

TEST_CASE("spawn races a cancel from outside that comes before any of the steps", "[scope][A3]") {
  for (std::uint64_t seed = 0; seed < seeds(50); ++seed)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race})
      cancelled_at_every_step(seed, clock, [&](const simulation_options& options) {
        race all;
        simulator simulated{options};
        const auto ended = simulated.run([&]() -> task<> {
          co_await in_task_group([&](task_group& group) {
            for (std::uint64_t i = 0; i < 2; ++i)
              group.start(starter, std::ref(group), std::ref(all), seed + i, 4, -1);
          });
        });
        CHECK_FALSE(ended.has_error());
        check_accounts(all);
        return simulated.steps();
      });
}

TEST_CASE("spawn races the end of the group: the last child starts another, which is always joined", "[scope][A3]") {
  over_seeds(1'000, [](const simulation_options& options) {
    simulator simulated{options};
    std::size_t ran = 0;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        struct relay {
          static task<> run(task_group& in, std::size_t& count, int left) {
            co_await yield();
            ++count;
            if (left > 0)
              in.start(&relay::run, std::ref(in), std::ref(count), left - 1);
          }
        };
        group.start(&relay::run, std::ref(group), std::ref(ran), 10);
        group.start(&relay::run, std::ref(group), std::ref(ran), 10);
      });
    });
    CHECK(ended.has_value());
    CHECK(ran == 22);
  });
}

namespace {

/// Resident memory of this process in KiB, 0 where the system does not say.
std::size_t resident_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      std::size_t kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

task<> short_lived(std::size_t& ended) {
  co_await yield();
  ++ended;
}

} // namespace

TEST_CASE("a million short children leave nothing behind in their group", "[scope][A4]") {
  const std::size_t children = sanitized ? 50'000 : 1'000'000;
  simulator simulated{{.steps_max = 100'000'000}};
  std::size_t ended_children = 0;
  std::size_t at_once_max = 0;
  std::size_t resident_early = 0;
  std::size_t resident_late = 0;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i < children; ++i) {
        group.start(short_lived, std::ref(ended_children));
        at_once_max = std::max(at_once_max, group.children_approx());
        if (i % 64 == 0)
          while (group.children_approx() > 0)
            co_await yield();
        if (i == children / 10)
          resident_early = resident_kib();
      }
      while (group.children_approx() > 0)
        co_await yield();
      resident_late = resident_kib();
    });
  });
  CHECK(ended.has_value());
  CHECK(ended_children == children);
  CHECK(at_once_max <= 64);
  if (!sanitized && resident_early != 0)
    CHECK(resident_late < resident_early + 1'024);
}

TEST_CASE("children that have ended leave nothing behind while their group goes on, in any schedule", "[scope][A4]") {
  over_seeds(1'000, [](const simulation_options& options) {
    census held;
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        for (int round = 0; round < 4; ++round) {
          for (int i = 0; i < 8; ++i)
            group.start([](counted) -> task<> { co_await yield(); }, counted{held});
          while (group.children_approx() > 0)
            co_await yield();
          CHECK(held.made == held.gone); // frames and arguments are gone before the group ends
        }
      });
    });
    CHECK(ended.has_value());
    CHECK(held.made >= 32);
  });
}

TEST_CASE("error groups have the same order for the same failures in any schedule", "[scope][A1]") {
  over_seeds(1'000, [](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      co_await in_task_group([](task_group& group) {
        for (int i = 0; i < 6; ++i)
          group.start([i]() -> task<> {
            for (int round = 0; round < 3; ++round)
              co_await yield();
            if (i % 2 == 0) {
              // Fails on its way, cancelled or not: which one is first depends on the schedule.
              struct unstoppable {
                static task<> run(int n) {
                  throw std::to_string(n);
                  co_return;
                }
              };
              co_await unstoppable::run(i);
            }
            co_await sleep_for(1h);
          });
      });
    });
    const error_group group = group_of(ended);
    REQUIRE(group.primary() < group.errors().size());
    for (std::size_t i = 0; i < group.errors().size(); ++i) {
      if (i > 0)
        CHECK(group.errors()[i - 1].start_index < group.errors()[i].start_index);
      try {
        std::rethrow_exception(group.errors()[i].error);
      } catch (const std::string& thrown) {
        CHECK(thrown == std::to_string(*group.errors()[i].start_index));
      }
    }
  });
}

TEST_CASE("a group lists the same failed children in the same order, and names the one that was first, in any schedule",
          "[scope][A1]") {
  constexpr std::size_t failing = 5;
  std::set<std::size_t> first_ones;
  std::set<std::vector<std::size_t>> orders;
  over_seeds(1'000, [&](const simulation_options& options) {
    simulator simulated{options};
    std::vector<std::size_t> in_time;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        for (std::size_t i = 0; i < 2 * failing; ++i)
          group.start([&in_time, i]() -> task<> { // each runs to its first wait, whoever has failed before it
            if (i % 2 == 1)
              co_await wait_for_ever();
            in_time.push_back(i);
            throw std::to_string(i);
          });
      });
    });
    REQUIRE(in_time.size() == failing);
    first_ones.insert(in_time.front());
    orders.insert(in_time);
    const error_group group = group_of(ended);
    REQUIRE(group.errors().size() == failing);
    for (std::size_t i = 0; i < failing; ++i) {
      CHECK(group.errors()[i].start_index == 2 * i);
      CHECK_THROWS_AS(std::rethrow_exception(group.errors()[i].error), std::string);
    }
    CHECK(group.errors()[group.primary()].start_index == in_time.front());
  });
  CHECK(first_ones.size() == failing);
  CHECK(orders.size() > 50);
}
