#include <troupe/actors/retry.hpp>

#include "service.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Fails `failures` times in this way, and then gives 7.
task<int> attempt(int& attempts, int failures, ask_failure how) {
  co_await sleep_for(duration{});
  if (++attempts <= failures)
    throw ask_error{how};
  co_return 7;
}

struct tried {
  outcome<int> ended;
  int attempts;
  duration took;
};

tried try_it(const retry_policy& policy, int failures, ask_failure how, std::uint64_t seed = 0) {
  int attempts = 0;
  simulator simulated{{.seed = seed}};
  outcome<int> ended = simulated.run([&] { return retry(policy, [&] { return attempt(attempts, failures, how); }); });
  return {std::move(ended), attempts, simulated.time().now() - instant{}};
}

} // namespace

TEST_CASE("what is safe to try again is tried again, after a backoff that doubles and spreads", "[actors][F3]") {
  const retry_policy policy{.attempts = 5, .backoff = 100ms, .backoff_max = 300ms};
  std::vector<duration> took;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    tried got = try_it(policy, 4, ask_failure::overflow, seed);
    CHECK(got.ended.value() == 7);
    CHECK(got.attempts == 5);
    CHECK(got.took >= (100ms + 200ms + 300ms + 300ms) / 2);
    CHECK(got.took <= 100ms + 200ms + 300ms + 300ms);
    CHECK(got.took == try_it(policy, 4, ask_failure::overflow, seed).took); // the same seed, the same run
    took.push_back(got.took);
  }
  CHECK(*std::min_element(took.begin(), took.end()) < 800ms);
  CHECK(*std::max_element(took.begin(), took.end()) > 600ms);
  for (const ask_failure how : {ask_failure::not_started, ask_failure::expired})
    CHECK(try_it(policy, 1, how).ended.value() == 7);
}

TEST_CASE("what may have been begun is not tried again, nor what no attempt can change", "[actors][F3]") {
  for (const ask_failure how : {ask_failure::aborted, ask_failure::in_doubt, ask_failure::broken_promise,
                                ask_failure::receiver_down, ask_failure::would_deadlock}) {
    tried got = try_it({}, 1, how);
    CHECK(got.attempts == 1);
    CHECK(failure_of_ask(got.ended) == how);
  }
  tried given_up = try_it({.attempts = 3}, 10, ask_failure::overflow);
  CHECK(given_up.attempts == 3);
  CHECK(failure_of_ask(given_up.ended) == ask_failure::overflow);

  int attempts = 0;
  simulator simulated{in_any_order()};
  const outcome<int> other = simulated.run([&] {
    return retry(retry_policy{}, [&]() -> task<int> {
      ++attempts;
      throw std::range_error{"its own error"};
      co_return 0;
    });
  });
  CHECK(message_of(other.error()) == "its own error");
  CHECK(attempts == 1);
}

TEST_CASE("a deadline around it ends the retries, and a cancel in the backoff too", "[actors][F3]") {
  int attempts = 0;
  simulator simulated{in_any_order()};
  const outcome<int> ended = simulated.run([&] {
    return fail_after(1s, retry(retry_policy{.attempts = 1'000, .backoff = 300ms, .backoff_max = 300ms},
                                [&] { return attempt(attempts, 1'000, ask_failure::overflow); }));
  });
  CHECK(message_of(ended.error()).starts_with("deadline exceeded"));
  CHECK(attempts >= 4);
  CHECK(attempts <= 7);
}

TEST_CASE("while a dependency is down the budget bounds what all attempts cost", "[actors][F3]") {
  // 20 askers ask ten times a second each, for a minute, and every ask fails.
  simulator simulated{in_any_order()};
  retry_budget budget{0.1, 10};
  int first = 0, attempts = 0;
  const outcome<> ended = simulated.run([&]() -> task<> {
    static_cast<void>(co_await move_on_after(60s, in_task_group([&](task_group& group) {
                                               for (int i = 0; i < 20; ++i)
                                                 group.start([&]() -> task<> {
                                                   for (;;) {
                                                     ++first;
                                                     static_cast<void>(co_await as_outcome(
                                                         retry(retry_policy{.budget = &budget}, [&] {
                                                           return attempt(attempts, 1'000'000, ask_failure::overflow);
                                                         })));
                                                     co_await sleep_for(100ms);
                                                   }
                                                 });
                                             })));
  });
  CHECK(ended.has_value());
  CHECK(first > 10'000);
  CHECK(attempts <= first + first / 10 + 10);
  CHECK(attempts > first + first / 20);
}

TEST_CASE("an actor that rejects while it is busy is asked until it is not", "[actors][F3]") {
  const service_log log = beside_service(
      {.capacity = 1, .on_full = overflow::reject}, [](const actor_ref<service_message>& ref, service_log&) -> task<> {
        co_await in_task_group([&](task_group& askers) {
          for (int id = 0; id < 5; ++id)
            askers.start([&ref, id]() -> task<> {
              const int got = co_await retry(retry_policy{.attempts = 50, .backoff = 50ms, .backoff_max = 50ms},
                                             [&] { return ref.ask<work>(id, manner::answers, 100ms); });
              CHECK(got == id);
            });
        });
      });
  CHECK(log.begun.size() == 5);
}
