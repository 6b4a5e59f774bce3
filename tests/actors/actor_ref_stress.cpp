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
#include <future>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

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

TEST_CASE("threads outside of any fiber ask with a limit, and each ask has one outcome", "[actors][stress][F4]") {
  constexpr int threads = 8;
  thread_pool_executor pool{2};
  for (int round = 0; round < static_cast<int>(seeds(40)); ++round) {
    std::atomic<int> values{0}, failures{0}, wrong{0};
    books kept;
    std::promise<actor_ref<job_message>> started;
    const auto top = make_root(pool, [&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        started.set_value(group.start_actor({.capacity = 2}, worker, std::ref(kept), -1));
      });
    });
    top->start();
    {
      const actor_ref<job_message> to = started.get_future().get();
      std::vector<std::thread> outside;
      for (int t = 0; t < threads; ++t)
        outside.emplace_back([&, t] {
          for (int id = t * 4; id < t * 4 + 4; ++id) {
            const bool hurried = id % 2 == 0;
            try {
              const auto limit = hurried ? std::chrono::microseconds{id * 3 + 1} : std::chrono::microseconds{1h};
              wrong += to.ask_blocking<job>(limit, id, id % 5, id % 3 == 0) != id;
              ++values;
            } catch (const ask_error& failed) {
              ++failures;
              wrong += !hurried;
              kept.told_nothing_begun[static_cast<std::size_t>(id)] = failed.nothing_begun();
            }
          }
        });
      for (std::thread& each : outside)
        each.join();
    }
    started = {}; // its copy of the address goes too: the actor ends
    top->wait();
    CHECK(top->take().has_value());
    CHECK(wrong == 0);
    CHECK(values + failures == threads * 4);
    for (std::size_t id = 0; id < asks; ++id)
      CHECK_FALSE((kept.told_nothing_begun[id] && kept.begun[id] != 0));
  }
}

TEST_CASE("an ask from outside tells what was done when its limit passes, and when its actor has gone",
          "[actors][stress][F4]") {
  thread_pool_executor pool{1};
  std::promise<actor_ref<job_message>> started;
  std::atomic<bool> over{false};
  const auto top = make_root(pool, [&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      const auto busy = [&over](inbox<job_message> in) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match([&over](job& asked) -> task<> {
            const cancel_scope no_stop{*this_fiber::pointer(), cancel_scope::shielding::cleanup};
            while (!over)
              co_await yield();
            asked.to(asked.id);
          });
      };
      started.set_value(group.start_actor({}, busy));
    });
  });
  top->start();
  std::optional<actor_ref<job_message>> to = started.get_future().get();
  started = {};
  const auto failure_of = [&](std::chrono::milliseconds limit) {
    try {
      static_cast<void>(to->ask_blocking<job>(limit, 1, 0, false));
    } catch (const ask_error& failed) {
      return failed.why();
    }
    FAIL("the ask was answered");
    return ask_failure::overflow;
  };
  CHECK(failure_of(-1ms) == ask_failure::not_started);
  ask_failure first = ask_failure::not_started;
  while (first == ask_failure::not_started) // the thread had not come to it yet
    first = failure_of(1ms);
  CHECK(first == ask_failure::in_doubt);              // begun, and it goes on
  CHECK(failure_of(1ms) == ask_failure::not_started); // behind it
  over = true;
  CHECK(to->ask_blocking<job>(1h, 7, 0, false) == 7);
  top->cancel();
  top->wait();
  CHECK(failure_of(1s) == ask_failure::receiver_down);
}

TEST_CASE("an ask from outside that stops what it had begun waits until it has ended", "[actors][stress][F4]") {
  thread_pool_executor pool{1};
  books kept;
  std::promise<actor_ref<job_message>> started;
  const auto top = make_root(pool, [&]() -> task<> {
    co_await in_task_group(
        [&](task_group& group) { started.set_value(group.start_actor({}, worker, std::ref(kept), -1)); });
  });
  top->start();
  const actor_ref<job_message> to = started.get_future().get();
  CHECK(to.ask_blocking<job>(1h, 1, 0, false) == 1);
  try {
    static_cast<void>(to.ask_blocking<job>(5ms, 2, std::numeric_limits<int>::max(), false));
    FAIL("the ask was answered");
  } catch (const ask_error& failed) {
    CHECK(failed.why() == (kept.begun[2] != 0 ? ask_failure::aborted : ask_failure::not_started));
  }
  top->cancel();
  top->wait();
}
