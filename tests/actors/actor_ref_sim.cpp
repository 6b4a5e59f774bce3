#include <troupe/actors/actor_ref.hpp>

#include "service.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <array>
#include <functional>
#include <map>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr int askers = 4;
constexpr int asks_each = 3;

/// How each ask ended, by id.
enum class seen { value, error, deadline, failure };
struct end {
  seen how;
  std::optional<ask_failure> why; // also the fate, after a deadline
};
using ends = std::map<int, end>;

task<> ask_some(actor_ref<service_message> ref, int first, ends& into, const std::array<manner, 6>& manners) {
  for (int id = first; id < first + asks_each; ++id) {
    const manner how = manners[static_cast<std::size_t>(id) % manners.size()];
    const outcome<int> ended =
        co_await as_outcome(fail_after(std::chrono::seconds{1 + id % 4}, ref.ask<work>(id, how, 1s)));
    CHECK(into.find(id) == into.end()); // once
    if (ended.has_value()) {
      CHECK(outcome<int>{ended}.value() == id);
      into[id] = {seen::value, {}};
    } else if (const auto why = failure_of_ask(ended)) {
      into[id] = {seen::failure, why};
    } else if (message_of(ended.error()).starts_with("deadline")) {
      into[id] = {seen::deadline, fate_of_ask(ended)};
    } else {
      into[id] = {seen::error, {}};
    }
  }
}

/// What an asker was told agrees with what the service has done.
void require_true(const ends& told, const service_log& log) {
  for (const auto& [id, ended] : told) {
    const std::size_t begun = static_cast<std::size_t>(std::count(log.begun.begin(), log.begun.end(), id));
    CHECK(begun <= 1);
    if (ended.how == seen::value || ended.how == seen::error)
      CHECK(begun == 1);
    if (ended.why == ask_failure::not_started || ended.why == ask_failure::receiver_down ||
        ended.why == ask_failure::overflow)
      CHECK(begun == 0);
    if (ended.why == ask_failure::aborted || ended.why == ask_failure::broken_promise ||
        ended.why == ask_failure::in_doubt)
      CHECK(begun == 1);
  }
}

constexpr std::array<manner, 6> peaceful{manner::answers, manner::shielded, manner::answers_late,
                                         manner::drops,   manner::answers,  manner::keeps};
constexpr std::array<manner, 6> crashing{manner::answers, manner::answers, manner::shielded,
                                         manner::drops,   manner::throws,  manner::answers};

/// Askers with limits beside a service, some of whom are stopped.
outcome<> run_asks(simulator& simulated, std::size_t capacity, const std::array<manner, 6>& manners, service_log& log,
                   ends& told) {
  return simulated.run([&]() -> task<> {
    const drops_kept after{log};
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        std::optional<actor_ref<service_message>> ref;
        co_await in_task_group([&](task_group& services) -> task<> {
          ref = services.start_actor({.capacity = capacity}, service, std::ref(log));
          co_await in_task_group([&](task_group& inner) {
            for (int i = 0; i < askers; ++i)
              inner.start(ask_some, *ref, 100 * i, std::ref(told), manners);
          });
          services.cancel();
        });
      });
    });
  });
}

} // namespace

TEST_CASE("every ask has one outcome, which says what was done, in any schedule", "[actors][F2][B6]") {
  std::map<std::optional<ask_failure>, std::size_t> fates;
  std::size_t values = 0;
  over_seeds(1'000, [&](const simulation_options& options) {
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{100}}) {
      service_log log;
      ends told;
      simulator simulated{options};
      const outcome<> ended = run_asks(simulated, capacity, peaceful, log, told);
      CHECK(ended.has_value());
      CHECK(told.size() == static_cast<std::size_t>(askers * asks_each));
      require_true(told, log);
      for (const auto& [id, each] : told) {
        values += each.how == seen::value;
        ++fates[each.why];
      }
    }
  });
  CHECK(values > 0);
  CHECK(fates[ask_failure::not_started] > 0);
  CHECK(fates[ask_failure::aborted] > 0);
  CHECK(fates[ask_failure::broken_promise] > 0);
  CHECK(fates[ask_failure::in_doubt] > 0);
}

TEST_CASE("asks of an actor that crashes have one outcome each, and none waits for its deadline", "[actors][F2]") {
  std::size_t errors = 0, down = 0;
  over_seeds(1'000, [&](const simulation_options& options) {
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{100}}) {
      service_log log;
      ends told;
      simulator simulated{options};
      static_cast<void>(run_asks(simulated, capacity, crashing, log, told));
      require_true(told, log);
      for (const auto& [id, each] : told) {
        errors += each.how == seen::error;
        down += each.why == ask_failure::receiver_down;
      }
    }
  });
  CHECK(errors > 0);
  CHECK(down > 0);
}

TEST_CASE("asks that are cancelled at any step leave nothing behind, and nothing is begun twice", "[actors][F2][B6]") {
  over_seeds(20, [&](const simulation_options& options) {
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{100}})
      cancelled_at_every_step(options.seed, options.clock, [&](const simulation_options& cancelled) {
        service_log log;
        ends told;
        simulator simulated{cancelled};
        static_cast<void>(run_asks(simulated, capacity, peaceful, log, told));
        require_true(told, log);
        return simulated.steps();
      });
  });
}
