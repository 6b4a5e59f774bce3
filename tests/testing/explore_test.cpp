#include <troupe/testing/explore.hpp>

#include <tests/catch.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/offload.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

// -- a counter that two fibers read and write with a wait between ------------------------------------------------------

task<> adds_one(int& to) {
  const int seen = to;
  co_await yield();
  to = seen + 1;
}

task<> lost_update(simulation& sim) {
  int& count = sim.make<int>(0);
  co_await in_task_group([&](task_group& group) {
    group.start(adds_one, std::ref(count));
    group.start(adds_one, std::ref(count));
  });
  sim.require(count == 2, "an update was lost");
}

// -- a supervised counter -------------------------------------------------------------------------------------------------

struct add {
  int what;
};
struct total {
  reply<int> to;
};
using counter_message = message<add, total>;

task<> counter(inbox<counter_message> in) {
  int sum = 0;
  while (auto next = co_await in.receive())
    co_await next->match([&](add& told) { sum += told.what; }, [&](total& asked) { asked.to(sum); });
}

task<> five_actors(simulation&) {
  co_await supervise({.intensity = 10}, [&](supervisor& top) -> task<> {
    const auto a = co_await top.start_actor({.name = "a", .capacity = 2}, counter);
    const auto b = co_await top.start_actor({.name = "b", .capacity = 2}, counter);
    co_await in_task_group([&](task_group& group) {
      const auto works = [](actor_ref<counter_message> one, actor_ref<counter_message> other) -> task<> {
        for (int i = 0; i < 3; ++i) {
          co_await one.tell<add>(i);
          co_await other.tell<add>(i);
        }
        static_cast<void>(co_await as_outcome(one.ask<total>()));
      };
      group.start(works, a, b);
      group.start(works, b, a);
    });
  });
}

broken found_in(const scenario& what) {
  try {
    explore({}, what);
  } catch (const broken& found) {
    return found;
  }
  FAIL("nothing was found");
  throw;
}

} // namespace

TEST_CASE("an update that is lost in one order of two is found, and had again by its schedule", "[testing]") {
  const broken found = found_in(lost_update);
  INFO(found.what());
  CHECK(found.first().which == invariant::own);
  CHECK(found.first().what == "an update was lost");
  for (int i = 0; i < 10; ++i)
    CHECK_THROWS_AS(replay(found.schedule(), lost_update), broken);
}

TEST_CASE("a tree of actors holds under all schedules of a budget", "[testing]") {
  const exploration done = explore({}, five_actors);
  INFO(done.text());
  CHECK(done.schedules == budget{}.schedules);
  CHECK(done.one_deviation > 50);
}

TEST_CASE("a tree of actors holds under a sweep of all faults", "[testing]") {
  const exploration done = sweep(all_faults, five_actors);
  INFO(done.text());
  CHECK(done.faults[static_cast<std::size_t>(fault::crash)] > 20);
  CHECK(done.faults[static_cast<std::size_t>(fault::failing_start)] >= 2);
}

TEST_CASE("what functions that were offloaded do with mailboxes and replies is no violation", "[testing]") {
  const exploration done = explore({.schedules = 500}, [](simulation& sim) -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      mailbox<int> queue{capacity{2}};
      group.start([](sender<int> out) -> task<> { co_await offload([&] { static_cast<void>(out.try_send(1)); }); },
                  queue.sender());
      group.start([](receiver<int> in) -> task<> { co_await in.receive(); }, queue.receiver());
      const auto answers = [](inbox<message<total>> in) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match([](total& asked) -> task<> { co_await offload([&] { asked.to(1); }); });
      };
      actor_ref asked = group.start_actor({.name = "a", .capacity = 1}, answers);
      auto answer = co_await as_outcome(asked.ask<total>());
      sim.require(answer.has_error() || answer.value() == 1, "another answer");
    });
  });
  CHECK(done.looks[static_cast<std::size_t>(invariant::one_outcome)] != 0);
}

// -- tests that prove less than they say ----------------------------------------------------------------------------------

namespace {

task<> waits_for_a_counter_that_nobody_ends(simulation& sim, bool is_a_service) {
  if (is_a_service)
    sim.serves();
  std::optional<actor_ref<counter_message>> kept;
  co_await in_task_group([&](task_group& group) -> task<> {
    kept.emplace(group.start_actor({.name = "c", .capacity = 2}, counter));
    co_await kept->tell<add>(1);
  });
  sim.require(false, "here it never comes");
}

} // namespace

TEST_CASE("a scenario that stands still before it is over fails, unless it is a service", "[testing]") {
  const broken found = found_in([](simulation& sim) { return waits_for_a_counter_that_nobody_ends(sim, false); });
  CHECK_THAT(found.what(), ContainsSubstring("the scenario did not return") && ContainsSubstring("sim.serves()") &&
                               ContainsSubstring("/c waits to receive"));
  CHECK_NOTHROW(
      explore({.schedules = 50}, [](simulation& sim) { return waits_for_a_counter_that_nobody_ends(sim, true); }));
  CHECK_NOTHROW(sweep(fault::cancel_all, []() -> task<> { co_await yield(); })); // a fault may stop it
  CHECK_THAT(found_in([]() -> task<> {
               this_fiber::pointer()->root_scope().cancel();
               co_await yield();
             }).what(),
             ContainsSubstring("it was cancelled: requested"));
}

TEST_CASE("a fault that is armed by name must strike in some run, and one without a name is told of", "[testing]") {
  CHECK_THROWS_WITH(explore({.schedules = 100},
                            [](simulation& sim) -> task<> {
                              sim.arm(crash("wroker"));
                              co_await yield();
                            }),
                    ContainsSubstring("has never struck") && ContainsSubstring("crash of wroker"));
  const exploration done = explore({.schedules = 100}, [](simulation& sim) -> task<> {
    sim.arm(overflowing());
    sim.arm(crash());
    static_cast<void>(co_await as_outcome(
        in_task_group([](task_group& group) { group.start([]() -> task<> { co_await yield(); }); })));
  });
  CHECK(done.never_struck == std::vector<std::string>{"overflow"});
  CHECK(done.text().find("never: overflow") != std::string::npos);
}

TEST_CASE("a schedule that does not fit its scenario any more is told from one that holds", "[testing]") {
  const scenario small = []() -> task<> { co_await yield(); };
  CHECK_THROWS_WITH(replay("race/1:(3)2", small), ContainsSubstring("does not fit") && ContainsSubstring("points"));
  CHECK_THROWS_WITH(replay("crash@999999,race/1:", small), ContainsSubstring("has no turn"));
  const scenario two = [] {
    return in_task_group([](task_group& group) {
      for (int i = 0; i < 2; ++i)
        group.start([]() -> task<> { co_await yield(); });
    });
  };
  CHECK_THROWS_WITH(replay("race/1:z", two), ContainsSubstring("takes choice 35 of 2"));
  CHECK_THROWS_AS(replay("race/1:z", two), schedule_error);
  CHECK_NOTHROW(replay("race/1:", small));
  CHECK_NOTHROW(replay("race/1:(100)", small)); // zero is what happens by itself
  CHECK_NOTHROW(replay("crash@0,race/1:", small));
}
