// Cycles of waits on threads: none is missed, and nothing else is taken for one.

#include "callers.hpp"

#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <atomic>
#include <random>

using namespace troupe;
using namespace troupe::tests;

namespace {

constexpr std::size_t actors = 4;
constexpr int clients = 6;
constexpr int calls_each = 20;

struct answers {
  std::atomic<int> ends{0}, cycles{0}, others{0};
};

/// A path that goes anywhere, or only upwards.
std::vector<std::size_t> draw(std::mt19937_64& random, bool upwards) {
  std::vector<std::size_t> path;
  if (upwards) {
    for (std::size_t at = random() % 2; at < actors; at += 1 + random() % 2)
      path.push_back(at);
  } else {
    for (std::size_t length = 2 + random() % 3; path.size() < length;)
      path.push_back(random() % actors);
  }
  return path;
}

task<> client(const callers& all, answers& into, std::uint64_t seed, bool upwards) {
  std::mt19937_64 random{seed};
  for (int i = 0; i < calls_each; ++i) {
    const std::string met = co_await called(all, draw(random, upwards));
    if (met == "end")
      ++into.ends;
    else if (met.starts_with("ask: would_deadlock"))
      ++into.cycles;
    else
      ++into.others; // also an ask whose limit passed, because nobody had found the cycle
  }
}

void run_clients(thread_pool_executor& pool, std::size_t capacity, bool upwards, std::uint64_t seed, answers& into) {
  const outcome<> ended = pool.run([&]() -> task<> {
    callers all;
    co_await in_task_group([&](task_group& group) -> task<> {
      start_callers(group, all, std::vector<std::size_t>(actors, capacity));
      co_await in_task_group([&](task_group& asking) {
        for (std::uint64_t i = 0; i < clients; ++i)
          asking.start(client, std::cref(all), std::ref(into), seed * clients + i, upwards);
      });
      group.cancel();
    });
  });
  CHECK(ended.has_value());
}

void run_rounds(bool upwards, answers& seen) {
  thread_pool_executor pool{2};
  for (std::uint64_t round = 0; round < seeds(400); ++round)
    run_clients(pool, round % 2 == 0 ? 1 : 100, upwards, round, seen);
}

} // namespace

TEST_CASE("cycles of asks on threads are found, all of them", "[actors][stress][C4]") {
  answers seen;
  run_rounds(false, seen);
  CHECK(seen.others == 0);
  CHECK(seen.cycles > 0);
  CHECK(seen.ends > 0);
}

TEST_CASE("asks in one order only are never taken for a cycle on threads", "[actors][stress][C4]") {
  answers seen;
  run_rounds(true, seen);
  CHECK(seen.others == 0);
  CHECK(seen.cycles == 0);
}
