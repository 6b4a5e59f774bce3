#include <troupe/actors/retry.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <array>
#include <atomic>
#include <functional>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t askers = 8;

struct ticket {
  std::size_t id;
  reply<std::size_t> to;
};
using tickets = message<ticket>;

struct tally {
  std::array<std::atomic<int>, askers> begun{};
  std::atomic<int> attempts{0}, answers{0}, wrong{0};
};

task<> desk(inbox<tickets> in, tally& seen) {
  while (auto next = co_await in.receive())
    co_await next->match([&](ticket& asked) -> task<> {
      ++seen.begun[asked.id];
      co_await yield();
      asked.to(asked.id);
    });
}

task<> asker(const actor_ref<tickets>& ref, std::size_t id, retry_budget& budget, tally& seen) {
  const retry_policy policy{.attempts = 5, .backoff = 10us, .backoff_max = 50us, .budget = &budget};
  const outcome<std::size_t> ended = co_await as_outcome(retry(policy, [&ref, &seen, id] {
    ++seen.attempts;
    return ref.ask<ticket>(id);
  }));
  seen.answers += ended.has_value() ? 1 : 0;
  seen.wrong += ended.has_value() && seen.begun[id] != 1 ? 1 : 0;
}

} // namespace

TEST_CASE("what is tried again on threads is begun once at most, and a shared budget holds", "[actors][stress][F3]") {
  thread_pool_executor pool{2};
  int again = 0;
  for (std::size_t round = 0; round < seeds(500); ++round) {
    tally seen;
    retry_budget budget{0.1, 6};
    const outcome<> ended = pool.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        const auto ref =
            group.start_actor({.capacity = 1 + round % 2 * 99, .on_full = overflow::reject}, desk, std::ref(seen));
        co_await in_task_group([&](task_group& asking) {
          for (std::size_t id = 0; id < askers; ++id)
            asking.start(asker, std::cref(ref), id, std::ref(budget), std::ref(seen));
        });
        group.cancel();
      });
    });
    CHECK(ended.has_value());
    CHECK(seen.wrong == 0);
    CHECK(seen.answers > 0);
    for (const std::atomic<int>& begun : seen.begun)
      CHECK(begun <= 1);
    CHECK(seen.attempts <= static_cast<int>(askers) + 6);
    again += seen.attempts - static_cast<int>(askers);
  }
  CHECK(again > 0);
}
