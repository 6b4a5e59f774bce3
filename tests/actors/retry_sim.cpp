#include <troupe/actors/retry.hpp>

#include "service.hpp"

#include <tests/catch.hpp>

#include <map>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr int askers = 4;
constexpr int asks_each = 3;

/// What is begun at most once, whatever was tried again.
struct tries {
  std::map<int, int> attempts;
  std::map<int, bool> answered;
};

task<> ask_until(const actor_ref<service_message>& ref, int first, retry_budget& budget, tries& seen) {
  for (int id = first; id < first + asks_each; ++id) {
    const retry_policy policy{.attempts = 4, .backoff = 1ms, .backoff_max = 4ms, .budget = &budget};
    const manner how = id % 2 == 0 ? manner::answers : manner::shielded;
    const auto ask = [&ref, &seen, id, how]() {
      ++seen.attempts[id];
      return ref.ask<work>(id, how, 2ms);
    };
    const outcome<int> ended = co_await as_outcome(fail_after(std::chrono::milliseconds{4 + id}, retry(policy, ask)));
    seen.answered[id] = ended.has_value();
  }
}

} // namespace

TEST_CASE("what is tried again is begun once at most, within its attempts and its budget", "[actors][F3]") {
  int again = 0, answers = 0;
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{100}})
    over_seeds(1'000, [&](const simulation_options& options) {
      service_log log;
      tries seen;
      retry_budget budget{0.1, 3};
      simulator simulated{options};
      const outcome<> ended = simulated.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) -> task<> {
          const auto ref = group.start_actor({.capacity = capacity, .on_full = overflow::reject, .max_age = 3ms},
                                             service, std::ref(log));
          co_await in_task_group([&](task_group& asking) {
            for (int i = 0; i < askers; ++i)
              asking.start(ask_until, std::cref(ref), i * 100, std::ref(budget), std::ref(seen));
          });
          group.cancel();
        });
      });
      CHECK(ended.has_value());
      int attempts = 0;
      for (const auto& [id, count] : seen.attempts) {
        const auto begun = std::count(log.begun.begin(), log.begun.end(), id);
        CHECK(begun <= 1);
        CHECK(count <= 4);
        CHECK((!seen.answered[id] || begun == 1));
        attempts += count;
        answers += seen.answered[id] ? 1 : 0;
      }
      const int first = static_cast<int>(seen.attempts.size());
      CHECK(attempts <= first + 3 + first / 10 + 1);
      again += attempts - first;
    });
  CHECK(again > 0);
  CHECK(answers > 0);
}
