#include <troupe/runtime/caf_simulation.hpp>

#include "child_process.hpp"

#include <tests/catch.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/runtime/caf_child.hpp>
#include <troupe/runtime/caf_face.hpp>
#include <troupe/runtime/runtime.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/testing/explore.hpp>

#include <caf/all.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using add_atom = caf::atom_constant<caf::atom("add")>;
using get_atom = caf::atom_constant<caf::atom("get")>;
using set_atom = caf::atom_constant<caf::atom("set")>;
using fail_atom = caf::atom_constant<caf::atom("fail")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// Counts what lives of what has it.
class counted {
public:
  explicit counted(int& alive) noexcept : alive_(alive) { ++alive_; }
  counted(const counted& other) noexcept : counted(other.alive_) {}
  counted& operator=(const counted&) = delete;
  ~counted() { --alive_; }

private:
  int& alive_;
};

/// A number that lives until the run has been judged; then nothing may be left of what it counts.
int& counts_all(simulation& sim) {
  int& alive = sim.make<int>(0);
  sim.at_end("a CAF actor is left", [&alive] { return alive == 0; });
  return alive;
}

broken found_in(const scenario& what, budget limits = {}) {
  try {
    explore(limits, what);
  } catch (const broken& found) {
    return found;
  }
  FAIL("nothing was found");
  throw;
}

// (Functions that are spawned have an argument: without one CAF binds a null reference.)

// -- ping-pong ---------------------------------------------------------------------------------------------------------

caf::behavior pong(caf::event_based_actor*, int step) {
  return {[=](int ball) { return ball + step; }};
}

void ping(caf::event_based_actor* self, caf::actor other, int rounds, int* last) {
  if (rounds != 0)
    self->request(other, caf::infinite, *last).then([=](int ball) {
      *last = ball;
      ping(self, other, rounds - 1, last);
    });
}

task<> ping_pong(simulation& sim) {
  int& one = sim.make<int>(0);
  int& other = sim.make<int>(0);
  co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
    const caf::actor table = system.spawn(pong, 1);
    system.spawn(ping, table, 5, &one);
    system.spawn(ping, table, 5, &other);
    co_return;
  });
  sim.require(one == 5 && other == 5, "a ball was lost");
}

// -- an account that is read and written by requests -------------------------------------------------------------------

caf::behavior account(caf::event_based_actor*, int* balance) {
  return {[=](get_atom) { return *balance; }, [=](set_atom, int now) { *balance = now; }};
}

void adds_one(caf::event_based_actor* self, caf::actor to) {
  self->request(to, caf::infinite, get_atom::value).then([=](int seen) { self->send(to, set_atom::value, seen + 1); });
}

task<> lost_update(simulation& sim) {
  int& balance = sim.make<int>(0);
  co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
    const caf::actor shared = system.spawn(account, &balance);
    system.spawn(adds_one, shared);
    system.spawn(adds_one, shared);
    co_return;
  });
  sim.require(balance == 2, "an update was lost");
}

// -- a supervised actor that crashes -------------------------------------------------------------------------------------

caf::behavior fragile(caf::event_based_actor*, const counted& alive) {
  return {[alive](get_atom) { return 42; }, [](fail_atom) { throw std::runtime_error{"it broke"}; }};
}

task<> restarted(simulation& sim) {
  int& alive = counts_all(sim);
  sim.sometimes("it was started anew", false);
  co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
    co_await supervise({.intensity = 10}, [&](supervisor& top) -> task<> {
      const counted first{alive};
      auto started = co_await as_outcome(start_caf_child(top, {.name = "it"}, system, fragile, first));
      if (started.has_error()) // its time was up before it had its turn
        co_return;
      const auto whom = std::move(started).value();
      if (whom.tell(fail_atom::value) == send_status::closed) // it was harmed
        co_return;
      bool answered = false;
      for (int i = 0; i < 10 && !answered; ++i) {
        answered = (co_await as_outcome(whom.ask<int>(get_atom::value))).has_value();
        if (!answered)
          co_await sleep_for(1s);
      }
      if (!answered) // its time was up too often, and it was given up
        co_return;
      sim.require(sim.restarts("it") >= 1, "it answers, and was not restarted");
      sim.sometimes("it was started anew");
    });
  });
}

// -- a troupe actor and CAF's clients ------------------------------------------------------------------------------------

struct deposit {
  int cents;
  reply<int> to;
};

task<> bank(inbox<message<deposit>> in, int& total) {
  while (auto next = co_await in.receive())
    co_await next->match([&](deposit& asked) { asked.to(total += asked.cents); });
}

void depositor(caf::event_based_actor* self, caf::actor to, int* answers) {
  for (int i = 0; i < 3; ++i)
    self->request(to, caf::infinite, add_atom::value, 10).then([=](int) { ++*answers; });
}

task<> asked_by_caf(simulation& sim) {
  int& total = sim.make<int>(0);
  int& answers = sim.make<int>(0);
  co_await in_task_group([&](task_group& group) -> task<> {
    co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
      actor_ref mine = group.start_actor({.name = "bank", .capacity = 6}, bank, std::ref(total));
      const caf::actor face = as_caf_actor(system, mine, [](add_atom, int cents) { return deposit{cents, {}}; });
      system.spawn(depositor, face, &answers);
      system.spawn(depositor, face, &answers);
      co_return;
    });
    sim.require(sim.was_harmed() || (answers == 6 && total == 60), "a deposit was lost");
  });
}

// -- both kinds, for each other ------------------------------------------------------------------------------------------

task<> both_kinds(simulation& sim) {
  int& alive = counts_all(sim);
  int& total = sim.make<int>(0);
  int& answers = sim.make<int>(0);
  co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
    co_await supervise({.intensity = 3}, [&](supervisor& top) -> task<> {
      const counted first{alive};
      auto started = co_await as_outcome(start_caf_child(top, {.name = "it", .shutdown = 1s}, system, fragile, first));
      if (started.has_error())
        co_return;
      const auto whom = std::move(started).value();
      co_await in_task_group([&](task_group& group) -> task<> {
        actor_ref mine = group.start_actor({.name = "bank", .capacity = 2}, bank, std::ref(total));
        const caf::actor face = as_caf_actor(system, mine, [](add_atom, int cents) { return deposit{cents, {}}; });
        system.spawn(depositor, face, &answers);
        static_cast<void>(whom.tell(fail_atom::value));
        static_cast<void>(co_await as_outcome(whom.ask<int>(get_atom::value)));
        static_cast<void>(co_await as_outcome(mine.ask<deposit>(10)));
        system.spawn(depositor, face, &answers);
        static_cast<void>(co_await as_outcome(whom.ask<int>(get_atom::value)));
        mine.stop_after_drain();
      });
    });
  });
  sim.require(sim.was_harmed() || total >= 10 * answers, "an answer without a deposit");
  sim.sometimes("the bank is full", answers < 6);
}

// -- actors that wait for each other -------------------------------------------------------------------------------------

struct named {
  const char* name;
};

caf::behavior asks_other(caf::stateful_actor<named>* self, const char* name) {
  self->state.name = name;
  return {[=](add_atom, const caf::actor& other) {
            self->request(other, caf::infinite, get_atom::value).await([](int) {});
          },
          [](get_atom) { return 1; }};
}

task<> ask_each_other(simulation&) {
  co_await in_caf_simulation([](caf::actor_system& system) -> task<> {
    const caf::actor left = system.spawn(asks_other, "left");
    const caf::actor right = system.spawn(asks_other, "right");
    caf::anon_send(left, add_atom::value, right);
    caf::anon_send(right, add_atom::value, left);
    co_return;
  });
}

void ends_in_a_child(const std::string& sentence) {
  tests::child_process child;
  child.wait_for(sentence);
  CHECK(child.wait_for_end() != 0);
}

} // namespace

TEST_CASE("plain CAF actors play ping-pong under a thousand schedules", "[runtime][caf_actors]") {
  const exploration done = explore({.schedules = 1000}, ping_pong);
  INFO(done.text());
  CHECK(done.schedules == 1000);
  CHECK(done.one_deviation > 10);
}

TEST_CASE("each message that a CAF actor handles is a step of its own", "[runtime][caf_actors]") {
  explore({.schedules = 1000}, [](simulation& sim) -> task<> {
    std::string& text = sim.make<std::string>();
    const auto writes = [](caf::event_based_actor*, std::string* to, char what) -> caf::behavior {
      return {[=](add_atom) { *to += what; }};
    };
    co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
      const caf::actor a = system.spawn(writes, &text, 'a');
      const caf::actor b = system.spawn(writes, &text, 'b');
      for (int i = 0; i < 3; ++i) {
        caf::anon_send(a, add_atom::value);
        caf::anon_send(b, add_atom::value);
      }
      co_return;
    });
    sim.require(text.size() == 6, "a message was lost");
    sim.sometimes("one waits for the other", text == "bbbaaa");
    sim.sometimes("each lets the other one come between", text == "bababa");
  });
}

TEST_CASE("CAF actors that do something else in the same schedule are found", "[runtime][caf_actors]") {
  int runs = 0;
  const broken found = found_in([&](simulation& sim) -> task<> {
    int& one = sim.make<int>(0);
    int& other = sim.make<int>(0);
    ++runs;
    co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
      const caf::actor table = system.spawn(pong, 1);
      system.spawn(ping, table, runs % 3, &one);
      system.spawn(ping, table, 2, &other);
      co_return;
    });
  });
  CHECK(found.first().which == invariant::determinism);
}

TEST_CASE("an update that two CAF actors lose by requests is found, and had again by its schedule",
          "[runtime][caf_actors]") {
  const broken found = found_in(lost_update);
  INFO(found.what());
  CHECK(found.first().what == "an update was lost");
  for (int i = 0; i < 10; ++i)
    CHECK_THROWS_AS(replay(found.schedule(), lost_update), broken);
}

TEST_CASE("CAF's timeouts and delayed messages pass in virtual time, in their order", "[runtime][caf_actors]") {
  using story = std::vector<std::string>;
  const auto waits = [](caf::event_based_actor* self, story* told) -> caf::behavior {
    const auto tell = [=, begin = self->clock().now()](const std::string& what) {
      const auto passed = std::chrono::duration_cast<std::chrono::minutes>(self->clock().now() - begin);
      told->push_back(what + " after " + std::to_string(passed.count()));
    };
    const auto drops_promises = [](caf::event_based_actor* of, int) -> caf::behavior {
      return {[of](get_atom) { return of->make_response_promise<int>(); }}; // CAF 0.17 tells nobody
    };
    self->delayed_send(self, 2min, tick_atom::value);
    self->request(self->spawn(drops_promises, 1), 300min, get_atom::value)
        .then([](int) {},
              [=](const caf::error& why) {
                tell(why == caf::sec::request_timeout ? "a timeout" : "something else");
                self->quit();
              });
    return {[=](tick_atom) { tell("a message"); }, caf::after(200min) >> [=] { tell("silence"); }};
  };
  story told;
  replay("autojump/1:", [&]() -> task<> {
    told.clear();
    co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
      system.spawn(waits, &told);
      co_return;
    });
  });
  CHECK(told == story{"a message after 2", "silence after 202", "a timeout after 300"});
}

TEST_CASE("a CAF child that crashes is restarted under all schedules, and goes with every fault",
          "[runtime][caf_actors]") {
  explore({.schedules = 1000}, restarted);
  const exploration done = sweep(all_faults, restarted, 3);
  INFO(done.text());
  CHECK(done.faults[static_cast<std::size_t>(fault::cancel_all)] > 15);
  CHECK(done.faults[static_cast<std::size_t>(fault::crash)] > 15);
}

TEST_CASE("a CAF child that a test crashes has failed, and is no normal end", "[runtime][caf_actors]") {
  const exploration done = sweep(fault::crash, [](simulation& sim) -> task<> {
    int& alive = counts_all(sim);
    co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
      co_await supervise({}, [&](supervisor& top) -> task<> {
        const counted first{alive};
        static_cast<void>(
            co_await start_caf_child(top, {.name = "it", .restart = restart_type::transient}, system, fragile, first));
        co_await sleep_for(1h);
        for (const tree_record& each : sim.seen().tree())
          sim.require(each.kind != tree_event_kind::ended || each.reason.kind == exit_kind::failed,
                      "it has not failed");
        sim.sometimes("it was started anew", sim.restarts("it") == 1);
      });
    });
  });
  CHECK(done.faults[static_cast<std::size_t>(fault::crash)] > 2);
}

TEST_CASE("a troupe actor answers CAF actors under all schedules", "[runtime][caf_actors]") {
  const exploration done = explore({.schedules = 1000}, asked_by_caf);
  INFO(done.text());
  CHECK(done.one_deviation > 10);
  CHECK(sweep(all_faults, asked_by_caf, 3).faults[static_cast<std::size_t>(fault::crash)] > 5);
}

TEST_CASE("actors of troupe's and of CAF's among each other hold under all schedules and faults",
          "[runtime][caf_actors]") {
  explore({.schedules = 1000}, both_kinds);
  const exploration done = sweep(all_faults, both_kinds, 3);
  INFO(done.text());
  CHECK(done.faults[static_cast<std::size_t>(fault::crash)] > 20);
}

TEST_CASE("CAF actors that wait for each other are a deadlock, and are named", "[runtime][caf_actors]") {
  const broken found = found_in(ask_each_other);
  INFO(found.what());
  CHECK(found.first().which == invariant::no_deadlock);
  const std::string& what = found.first().what;
  CHECK(what.find("left #4 waits for the answer of right #5, and looks at nothing else") != std::string::npos);
  CHECK(what.find("right #5 waits for the answer of left #4, and looks at nothing else") != std::string::npos);
}

TEST_CASE("a CAF actor that nobody ends is a deadlock, and is gone after it", "[runtime][caf_actors]") {
  int alive = 0;
  const auto keeps_itself = [](caf::event_based_actor* self, int* counts) -> caf::behavior {
    return {[mine = caf::actor{self}, living = counted{*counts}](get_atom) { return mine; }};
  };
  const broken found = found_in([&]() -> task<> {
    co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
      system.spawn(keeps_itself, &alive);
      co_return;
    });
  });
  CHECK(found.first().which == invariant::no_deadlock);
  CHECK(found.first().what.find("waits for messages") != std::string::npos);
  CHECK(alive == 0);
}

TEST_CASE("CAF actors run in a simulator of a test's own, in the order of its seed", "[runtime][caf_actors]") {
  const auto balance_after = [](std::uint64_t seed) {
    int balance = 0;
    simulator in{{.seed = seed}};
    in.run([&]() -> task<> {
        co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
          const caf::actor shared = system.spawn(account, &balance);
          system.spawn(adds_one, shared);
          system.spawn(adds_one, shared);
          co_return;
        });
      }).value();
    return balance;
  };
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const int balance = balance_after(seed);
    CHECK(balance_after(seed) == balance);
    lost += balance == 1 ? 1 : 0;
  }
  CHECK(lost > 0);
  CHECK(lost < 100);
}

TEST_CASE("CAF actors that send to each other for ever are no progress", "[runtime][caf_actors]") {
  const auto sends_on = [](caf::event_based_actor* self, int) -> caf::behavior {
    return {[=](tick_atom) { self->send(self, tick_atom::value); }};
  };
  const broken found = found_in(
      [&]() -> task<> {
        co_await in_caf_simulation([&](caf::actor_system& system) -> task<> {
          caf::anon_send(system.spawn(sends_on, 1), tick_atom::value);
          co_return;
        });
      },
      {.steps_max = 1000});
  CHECK(found.first().which == invariant::progress);
}

TEST_CASE("what the body of a CAF simulation throws comes out, after all actors were killed", "[runtime][caf_actors]") {
  const exploration done = explore({.schedules = 300}, [](simulation& sim) -> task<> {
    int& alive = counts_all(sim);
    const auto thrown = co_await as_outcome(in_caf_simulation([&](caf::actor_system& system) -> task<> {
      const counted first{alive};
      const caf::actor one = system.spawn(fragile, first);
      const caf::actor left = system.spawn(asks_other, "left");
      const caf::actor right = system.spawn(asks_other, "right");
      caf::anon_send(left, add_atom::value, right);
      caf::anon_send(right, add_atom::value, left);
      caf::delayed_anon_send(one, 1h, get_atom::value);
      co_await sleep_for(1s);
      throw std::runtime_error{"enough"};
    }));
    sim.require(thrown.has_error(), "no error came out");
    sim.require(alive == 0, "an actor is left");
  });
  CHECK(done.schedules == 300);
}

TEST_CASE("a detached actor ends a simulation with a sentence", "[runtime][caf_actors]") {
  if (tests::in_child_process())
    explore({}, []() -> task<> {
      co_await in_caf_simulation([](caf::actor_system& system) -> task<> {
        system.spawn<caf::detached>(pong, 1);
        co_return;
      });
    });
  ends_in_a_child("detached and blocking actors, and the middleman, cannot be simulated");
}

TEST_CASE("a blocking actor ends a simulation with a sentence", "[runtime][caf_actors]") {
  if (tests::in_child_process())
    explore({}, []() -> task<> {
      co_await in_caf_simulation([](caf::actor_system& system) -> task<> {
        system.spawn([](caf::blocking_actor*, int) {}, 1);
        co_return;
      });
    });
  ends_in_a_child("detached and blocking actors, and the middleman, cannot be simulated");
}

TEST_CASE("a CAF simulation outside of a simulator ends the program with a sentence", "[runtime][caf_actors]") {
  if (tests::in_child_process()) {
    runtime here{{.workers = 1, .handle_signals = false}};
    here.run([]() -> task<> { co_await in_caf_simulation([](caf::actor_system&) -> task<> { co_return; }); }).value();
  }
  ends_in_a_child("outside of a simulator");
}
