// Asks on threads: one outcome each, which says what was done, whenever deadlines, cancels and crashes come.

#include <troupe/actors/actor.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <stdexcept>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr int askers = 4;
constexpr int asks_each = 8;
constexpr std::size_t asks = askers * asks_each;

struct job {
  int id;
  int turns;
  bool shielded;
  reply<int> to;
};
using job_message = message<job>;

/// By id: what the worker has done, and what the asker was told.
struct books {
  std::array<std::atomic<int>, asks> begun{};
  std::array<std::atomic<int>, asks> told{};
  std::array<std::atomic<bool>, asks> told_nothing_begun{};
  std::atomic<int> values{0}, failures{0}, wrong{0};
};

task<int> turns(int times, int id) {
  for (int i = 0; i < times; ++i)
    co_await yield();
  co_return id;
}

task<> worker(inbox<job_message> in, books& kept, int crash_at) {
  while (auto next = co_await in.receive())
    co_await next->match([&](job& asked) -> task<> {
      ++kept.begun[static_cast<std::size_t>(asked.id)];
      if (asked.id == crash_at)
        throw std::runtime_error{"on purpose"};
      if (asked.shielded)
        asked.to(co_await shield(1h, turns(asked.turns, asked.id)));
      else
        asked.to(co_await turns(asked.turns, asked.id));
    });
}

/// Asks with limits so short that some pass at any moment.
task<> asker(actor_ref<job_message> to, books& kept, int first, int seed) {
  for (int id = first; id < first + asks_each; ++id) {
    const auto limit = std::chrono::microseconds{(id * 7 + seed) % 60 + 1};
    const outcome<int> ended = co_await as_outcome(fail_after(limit, to.ask<job>(id, id % 5, id % 2 == 0)));
    ++kept.told[static_cast<std::size_t>(id)];
    const bool was_begun = kept.begun[static_cast<std::size_t>(id)] != 0;
    try {
      const int got = outcome<int>{ended}.value();
      ++kept.values;
      kept.wrong += got != id || !was_begun;
    } catch (const ask_error& failed) {
      ++kept.failures;
      kept.told_nothing_begun[static_cast<std::size_t>(id)] = failed.nothing_begun();
      kept.wrong += failed.nothing_begun() == was_begun;
    } catch (const deadline_exceeded& late) {
      ++kept.failures;
      if (late.fate() != nullptr) {
        try {
          std::rethrow_exception(late.fate());
        } catch (const ask_error& fate) {
          kept.told_nothing_begun[static_cast<std::size_t>(id)] = fate.nothing_begun();
          kept.wrong += fate.nothing_begun() == was_begun;
        }
      }
    } catch (const std::runtime_error&) { // the worker's own
      ++kept.failures;
      kept.wrong += !was_begun;
    }
  }
}

} // namespace

TEST_CASE("each ask has one outcome on threads, and it agrees with what was done", "[actors][stress][F2][B6]") {
  thread_pool_executor pool{2};
  int values = 0, failures = 0;
  for (int round = 0; round < static_cast<int>(seeds(300)); ++round) {
    books kept;
    const int crash_at = round % 3 == 0 ? round % static_cast<int>(asks) : -1;
    const bool stopped = round % 4 == 1;
    const outcome<> ended = pool.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        const auto to = group.start_actor({.capacity = round % 2 == 0 ? 1U : 100U}, worker, std::ref(kept), crash_at);
        for (int i = 0; i < askers; ++i)
          group.start(asker, to, std::ref(kept), i * asks_each, round);
        if (stopped)
          group.start([&group, round]() -> task<> {
            co_await turns(round % 50, 0);
            group.cancel();
          });
      });
    });
    CHECK(ended.has_error() == (crash_at >= 0 && kept.begun[static_cast<std::size_t>(crash_at)] != 0));
    CHECK(kept.wrong.load() == 0);
    for (std::size_t id = 0; id < asks; ++id) {
      CHECK(kept.begun[id].load() <= 1);
      CHECK(kept.told[id].load() <= 1);
      CHECK_FALSE((kept.told_nothing_begun[id] && kept.begun[id] != 0));
      if (!stopped && crash_at < 0)
        CHECK(kept.told[id].load() == 1);
    }
    values += kept.values;
    failures += kept.failures;
  }
  CHECK(values > 0);
  CHECK(failures > 0);
}
