#include <troupe/actors/monitor.hpp>

#include <tests/catch.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

struct order {
  bool fail = false;
};
using orders = message<order>;

task<> soldier(inbox<orders> in) {
  while (auto message = co_await in.receive())
    co_await message->match([](order& given) {
      if (given.fail)
        throw std::runtime_error("it fails");
    });
}

/// "restarted 2 error ", "down 1 value ": what a monitor tells next.
task<std::string> told(actor_monitor& watch) {
  const actor_change change = co_await watch.next();
  co_return std::string(change.what == actor_change::kind::down ? "down " : "restarted ") +
      std::to_string(change.incarnation) +
      (change.ended.has_error()   ? " error "
       : change.ended.cancelled() ? " cancelled "
                                  : " value ");
}

const supervisor_options patient{.intensity = 100};

} // namespace

TEST_CASE("who watches an actor is told when it has ended, and how", "[actors][A7]") {
  simulator simulated{in_any_order()};
  std::string log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      std::optional<actor_ref<orders>> ref = group.start_actor({}, soldier);
      actor_monitor watch = ref->monitor();
      actor_monitor another = ref->monitor();
      ref.reset(); // a monitor is no address: now it ends
      log += co_await told(watch);
      log += co_await told(another);
      const actor_ref<orders> stopped = group.start_actor({}, soldier);
      actor_monitor third = stopped.monitor();
      stopped.stop_now();
      log += co_await told(third);
      actor_monitor late = stopped.monitor();
      log += co_await told(late); // though it was down before
    });
  });
  CHECK(ended.has_value());
  CHECK(log == "down 1 value down 1 value down 1 cancelled down 1 cancelled ");
}

TEST_CASE("an actor that was never begun is down", "[actors][A7]") {
  simulator simulated{in_any_order()};
  std::string log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    std::optional<actor_monitor> watch;
    co_await in_task_group([&](task_group& group) {
      group.cancel();
      watch.emplace(group.start_actor({}, soldier).monitor());
    });
    log += co_await told(*watch);
  });
  CHECK(ended.has_value());
  CHECK(log == "down 0 cancelled ");
}

TEST_CASE("who watches a supervised actor sees it restarted, and down when it has ended for good",
          "[actors][supervision][A7][OTP-055]") {
  simulator simulated{in_any_order()};
  std::string log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await supervise(patient, [&](supervisor& top) -> task<> {
      const auto ref = co_await top.start_actor({.name = "a"}, soldier);
      actor_monitor watch = ref.monitor();
      co_await ref.tell<order>(true);
      log += co_await told(watch);
      co_await ref.tell<order>(true);
      log += co_await told(watch);
      for (int i = 0; i < 3; ++i)
        co_await ref.tell<order>(true);
      co_await sleep_for(1s);
      log += co_await told(watch); // the last of three, once
      const std::optional<std::string> nothing = co_await move_on_after(1h, told(watch));
      CHECK_FALSE(nothing);
      co_await top.stop("a");
      log += co_await told(watch);
      const std::optional<std::string> nothing_more = co_await move_on_after(1h, told(watch));
      CHECK_FALSE(nothing_more);
      co_await top.restart("a");
      log += co_await told(watch);
    });
  });
  CHECK(ended.has_value());
  CHECK(log == "restarted 2 error restarted 3 error restarted 6 error down 6 cancelled restarted 7 cancelled ");
}

TEST_CASE("an actor that is abandoned is down", "[actors][supervision][A7][A10]") {
  simulator simulated{in_any_order()};
  std::string log;
  instant at{};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await supervise({}, [&](supervisor& top) -> task<> {
      const auto stuck = [](inbox<orders>) -> task<> {
        co_await in_exit_stack([](exit_stack& stack) -> task<> {
          stack.push(exit_options{.limit = 2h}, []() -> task<> { co_await sleep_for(1h); });
          co_await serve_for_ever();
        });
      };
      const auto ref = co_await top.start_actor({.name = "a", .shutdown = 1s}, stuck);
      actor_monitor watch = ref.monitor();
      co_await top.stop("a");
      log += co_await told(watch);
      at = now();
    });
  });
  CHECK(ended.has_value());
  CHECK(log == "down 1 cancelled ");
  CHECK(at == instant{2s});
}

TEST_CASE("whatever comes when, who watches sees each actor go down once, and no run twice", "[actors][A7]") {
  over_seeds(500, [](simulation_options options) {
    simulator simulated{options};
    std::vector<std::uint64_t> runs;
    int downs = 0;
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        co_await supervise(patient, [&](supervisor& top) -> task<> {
          const auto ref = co_await top.start_actor({.name = "a"}, soldier);
          group.start(
              [&runs, &downs](actor_monitor watch) -> task<> {
                for (;;) {
                  const actor_change change = co_await watch.next();
                  if (change.what == actor_change::kind::down) {
                    ++downs;
                    co_return;
                  }
                  runs.push_back(change.incarnation);
                }
              },
              ref.monitor());
          for (int i = 0; i < 5; ++i)
            co_await ref.tell<order>(true);
        });
      });
    });
    CHECK(ended.has_value());
    CHECK(downs == 1);
    CHECK(std::adjacent_find(runs.begin(), runs.end(), std::greater_equal<>()) == runs.end());
    CHECK((runs.empty() || (runs.front() >= 2 && runs.back() <= 6)));
  });
}

TEST_CASE("a look that is cancelled misses nothing", "[actors][A7][C7]") {
  int by_the_first = 0;
  int by_the_second = 0;
  over_seeds(500, [&](simulation_options options) {
    simulator simulated{options};
    int downs = 0;
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        std::optional<actor_ref<orders>> ref = group.start_actor({}, soldier);
        actor_monitor watch = ref->monitor();
        const child<> first = group.start([&]() -> task<> {
          static_cast<void>(co_await watch.next());
          ++downs;
          ++by_the_second;
        });
        ref.reset();
        for (std::uint64_t i = 0; i < options.seed % 8; ++i)
          co_await yield();
        first.cancel();
        co_await first.wait_ended();
        by_the_first += downs;
        if (downs == 0) {
          static_cast<void>(co_await watch.next());
          ++downs;
          ++by_the_second;
        }
      });
    });
    CHECK(ended.has_value());
    CHECK(downs == 1);
  });
  CHECK(by_the_first > 0);
  CHECK(by_the_second > 0);
}
