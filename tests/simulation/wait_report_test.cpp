#include <troupe/simulation/wait_report.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

template <class Function>
std::string report_of(Function tree, clock_mode clock = clock_mode::autojump) {
  simulator simulated{{.clock = clock}};
  try {
    const outcome<> ended = simulated.run(tree);
    return "no deadlock" + (ended.has_error() ? ": " + message_of(ended.error()) : "");
  } catch (const deadlock_error& found) {
    return found.what();
  }
}

/// Each of these is in the text, one behind the other.
bool in_this_order(const std::string& text, std::initializer_list<const char*> all) {
  std::size_t at = 0;
  for (const char* const each : all) {
    at = text.find(each, at);
    if (at == text.npos)
      return false;
  }
  return true;
}

struct question {
  reply<int> to;
};
using questions = message<question>;

task<> asks(actor_ref<questions> whom) { static_cast<void>(co_await whom.ask<question>()); }

/// Lets a child ask itself, and waits for that child.
task<> asks_itself(inbox<questions> in, std::optional<actor_ref<questions>>& self) {
  while (auto next = co_await in.receive())
    co_await next->match([&](question&) -> task<> {
      co_await in_task_group([&](task_group& group) { group.start({.name = "helper"}, asks, *self); });
    });
}

task<> waits_for(std::vector<child<>>& all, std::size_t which) {
  while (all.size() <= which)
    co_await yield();
  co_await all[which].wait_ended();
}

} // namespace

TEST_CASE("a report begins with a cycle, also over a group and its child, then who waits for it, then who is idle",
          "[simulation]") {
  const auto tree = []() -> task<> {
    std::optional<actor_ref<questions>> actor;
    co_await in_task_group([&](task_group& group) {
      group.start({.name = "idle"}, []() -> task<> { co_await serve_for_ever(); });
      actor.emplace(group.start_actor({.name = "actor", .capacity = 1}, asks_itself, std::ref(actor)));
      group.start({.name = "client"}, asks, *actor);
    });
  };
  const std::string report = report_of(tree, clock_mode::manual); // else the asks would run out of time
  INFO(report);
  CHECK(in_this_order(
      report, {"nobody can run\n", "these wait for each other: /actor (join its children) -> /actor/helper (ask) ",
               "-> /actor\n", "in these cycles:\n", " at /actor waits to join its children\n",
               " at /actor/helper waits to ask: the answer to an ask, of /actor\n", "the others:\n",
               " at / waits to join its children\n", " at /client waits to ask: the answer to an ask, of /actor\n",
               "idle by nature:\n", " at /idle waits to wait for ever (daemon)\n"}));
  CHECK_FALSE(contains(report, "nobody is there to give"));
}

TEST_CASE("whoever waits in a group waits for its children, and not for those of a group around it", "[simulation]") {
  const std::string report = report_of([]() -> task<> {
    std::optional<child<>> parent;
    co_await in_task_group([&](task_group& group) {
      parent.emplace(group.start(
          {.name = "parent"},
          [](std::optional<child<>>& self) -> task<> {
            co_await in_task_group([&](task_group& outer) -> task<> {
              outer.start(
                  {.name = "outer"}, [](child<>& whom) -> task<> { co_await whom.wait_ended(); }, std::ref(*self));
              co_await in_task_group([](task_group& inner) {
                inner.start({.name = "inner"}, []() -> task<> { co_await wait_for_ever(); });
              });
            });
          },
          std::ref(parent)));
    });
  });
  INFO(report);
  CHECK_FALSE(contains(report, "each other"));
  CHECK(
      in_this_order(report, {"nobody is there to give what these wait for:", "/parent/1:inner waits to wait for ever\n",
                             "the others:", " at / waits to join its children\n", "/parent waits to join",
                             "/parent/outer waits to wait for: child /parent\n"}));
}

TEST_CASE("a long cycle, many cycles and a large tree make a report of less than a hundred lines", "[simulation]") {
  const auto ring_of = [](std::size_t length, std::size_t rings) {
    return report_of([=]() -> task<> {
      std::vector<child<>> all;
      co_await in_task_group([&](task_group& group) {
        for (std::size_t i = 0; i != length * rings; ++i)
          all.push_back(group.start(waits_for, std::ref(all), i % length == length - 1 ? i + 1 - length : i + 1));
      });
    });
  };
  const std::string one = ring_of(40, 1);
  INFO(one);
  CHECK(contains(one, "these wait for each other: /0 (wait for) -> /1 (wait for) -> /2 (wait for) -> "));
  CHECK(contains(one, " -> 24 more -> /0\n"));
  CHECK(std::count(one.begin(), one.end(), '\n') < 50);
  const std::string many = ring_of(3, 100);
  INFO(many);
  CHECK(contains(many, "and 92 more cycles\n"));
  CHECK(contains(many, "and 211 more fibers\n"));
  CHECK(std::count(many.begin(), many.end(), '\n') < 105);
}

TEST_CASE("who waits for an item or for room that nobody gives is named before who waits for them", "[simulation]") {
  const std::string report = report_of([]() -> task<> {
    mailbox<int> empty{capacity{1}};
    mailbox<int> full{capacity{1}};
    const sender<int> kept = empty.sender();
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto takes_two = [](inbox<int> in) -> task<> {
        for (int i = 0; i < 2; ++i)
          static_cast<void>(co_await in.receive());
      };
      const auto sends_two = [](sender<int> out) -> task<> {
        for (int i = 0; i < 2; ++i)
          co_await out.send(i);
      };
      auto reads = group.start({.name = "reads"}, takes_two, empty.inbox());
      group.start({.name = "sends"}, sends_two, full.sender());
      co_await kept.send(1); // now it is known who reads the mailbox: that is no cycle
      co_await reads.wait_ended();
    });
  });
  INFO(report);
  CHECK_FALSE(contains(report, "each other"));
  CHECK(in_this_order(report,
                      {"nobody is there to give what these wait for:\n", "/reads waits to receive: mailbox ",
                       "/sends waits to send: mailbox ", "the others:\n", " at / waits to wait for: child /reads\n"}));
}

TEST_CASE("who sleeps, or could be given something by who still runs, is not taken for one whom nobody gives anything",
          "[simulation]") {
  const std::string sleeps = report_of([]() -> task<> { co_await sleep_for(1s); }, clock_mode::manual);
  INFO(sleeps);
  CHECK(contains(sleeps, "the others:\n    fiber 1 at / waits to sleep\n"));
  simulator simulated{{.steps_max = 100}};
  std::string runs;
  try {
    static_cast<void>(simulated.run([]() -> task<> {
      co_await in_task_group([](task_group& group) {
        group.start({.name = "waits"}, []() -> task<> { co_await wait_for_ever(); });
        group.start({.name = "runs"}, []() -> task<> {
          for (;;)
            co_await yield();
        });
      });
    }));
  } catch (const livelock_error& found) {
    runs = found.what();
  }
  INFO(runs);
  CHECK(in_this_order(runs,
                      {"livelock", "the others:\n", " at /waits waits to wait for ever\n", " at /runs is ready\n"}));
  CHECK_FALSE(contains(runs, "nobody is there"));
}

TEST_CASE("who starts a child waits for its supervisor, and is not taken for one whom nobody gives anything",
          "[simulation]") {
  const std::string report = report_of([]() -> task<> {
    co_await supervise({}, [](supervisor& top) -> task<> {
      const auto never_ready = [](startup) -> task<> { co_await wait_for_ever(); };
      co_await top.start({.name = "slow", .start_timeout = duration::max()}, never_ready);
    });
  });
  INFO(report);
  CHECK(in_this_order(report, {"nobody is there to give what these wait for:\n", "/slow waits to wait for ever\n",
                               "the others:\n", " at / waits to change a child of: the children of /\n",
                               "idle by nature:\n", " (daemon)\n"}));
}
