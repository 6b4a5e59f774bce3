#include <troupe/scope/wait_for_graph.hpp>
#include <troupe/scope/would_deadlock.hpp>

#include "callers.hpp"

#include <troupe/scope/deadline.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <optional>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Runs `body(group, all)` beside callers.
template <class Body>
void beside_callers(const std::vector<std::size_t>& capacities, Body body) {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    callers all;
    co_await in_task_group([&](task_group& group) -> task<> {
      start_callers(group, all, capacities);
      co_await body(group, all);
      group.cancel();
    });
  });
  CHECK(ended.has_value());
}

/// The text of an ask that would have waited for ever in this cycle of asks, whichever of them closed it.
bool closed_cycle(const std::string& met, std::vector<std::string> edges) {
  for (std::size_t i = 0; i < edges.size(); ++i) {
    std::string text;
    for (const std::string& each : edges)
      text += each;
    if (met == never_ends(text + edges.front().substr(0, edges.front().find(' '))))
      return true;
    std::rotate(edges.begin(), edges.begin() + 1, edges.end());
  }
  return false;
}

} // namespace

TEST_CASE("an actor that asks itself is told at once", "[actors][C4][F1]") {
  beside_callers({4}, [](task_group&, const callers& all) -> task<> {
    const std::string met = co_await called(all, along(0, 0));
    CHECK(met == never_ends("/a (ask) -> /a"));
    CHECK(now() == instant{0s});
    const std::string after = co_await called(all, along(0));
    CHECK(after == "end");
  });
}

TEST_CASE("a cycle of asks fails where it closes, at once, with all who are in it", "[actors][C4][F1]") {
  beside_callers({4, 4, 4}, [](task_group&, const callers& all) -> task<> {
    const std::string two = co_await called(all, along(0, 1, 0));
    CHECK(closed_cycle(two, {"/b (ask) -> ", "/a (ask) -> "}));
    const std::string three = co_await called(all, along(0, 1, 2, 0));
    CHECK(closed_cycle(three, {"/c (ask) -> ", "/a (ask) -> ", "/b (ask) -> "}));
    const std::string behind = co_await called(all, along(0, 1, 2, 1));
    CHECK(closed_cycle(behind, {"/c (ask) -> ", "/b (ask) -> "}));
    CHECK(now() == instant{0s});
    const std::string none = co_await called(all, along(0, 1, 2));
    CHECK(none == "end");
  });
}

TEST_CASE("a deadline around a cycle does not make it one that ends", "[actors][C4]") {
  beside_callers({4, 4}, [](task_group&, const callers& all) -> task<> {
    const std::string met = co_await fail_after(1s, called(all, along(0, 1, 0)));
    CHECK(closed_cycle(met, {"/b (ask) -> ", "/a (ask) -> "}));
    CHECK(now() == instant{0s});
  });
}

TEST_CASE("a cycle of an ask and a full mailbox fails where it closes", "[actors][C4]") {
  beside_callers({1, 4}, [](task_group& group, const callers& all) -> task<> {
    // /a works for us and asks /b, while its own mailbox is full: /b's ask waits for room there.
    std::optional<std::string> met;
    co_await all[1].tell<nap>(2s);
    group.start([&]() -> task<> { met = co_await called(all, along(0, 1, 0)); });
    co_await sleep_for(1s);
    co_await all[0].tell<filler>();
    co_await sleep_for(1s);
    CHECK(met == never_ends("/b (send) -> /a (ask) -> /b")); // /a waits since long
  });
}

TEST_CASE("an actor never waits for room in its own mailbox", "[actors][C4]") {
  struct fill {
    int times;
    reply<std::string> to;
  };
  using filled = message<fill, filler>;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      std::optional<actor_ref<filled>> self;
      int seen = 0;
      const auto serve = [&](inbox<filled> in) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match(
              [&](fill& asked) -> task<> {
                std::string failure = "none";
                for (int i = 0; i < asked.times; ++i) {
                  const outcome<send_status> sent =
                      co_await as_outcome([](const actor_ref<filled>& to) -> task<send_status> {
                        const send_status status = co_await to.tell<filler>();
                        co_return status;
                      }(*self));
                  if (sent.has_error())
                    failure = message_of(sent.error());
                }
                asked.to(failure);
              },
              [&](filler&) { ++seen; });
      };
      self = group.start_actor({.name = "self", .capacity = 3}, serve);
      const std::string with_room = co_await self->ask<fill>(2);
      CHECK(with_room == "none");
      const std::string without = co_await self->ask<fill>(4);
      CHECK(without ==
            "this wait would never end, because each of these waits for the next one: /self (send) -> /self");
      CHECK(now() == instant{0s});
      co_await sleep_for(1s);
      CHECK(seen >= 4);
      group.cancel();
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a cycle of senders at full mailboxes fails where it closes", "[mailbox][C4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const mailbox<int> left{capacity{1}}, right{capacity{1}};
    int deadlocks = 0, passed = 0;
    // Each takes one, and then sends two for each that it takes.
    const auto stage = [&](inbox<int> in, sender<int> out) -> task<> {
      for (int taken = 0; taken < 3; ++taken) {
        static_cast<void>(co_await in.receive());
        ++passed;
        for (int i = 0; i < 2; ++i) {
          try {
            co_await out.send(i);
          } catch (const would_deadlock&) {
            ++deadlocks;
          }
        }
      }
    };
    const sender<int> to_left = left.sender(), to_right = right.sender();
    co_await to_left.send(0);
    co_await to_right.send(0);
    co_await in_task_group([&](task_group& group) {
      group.start(stage, left.inbox(), to_right);
      group.start(stage, right.inbox(), to_left);
    });
    CHECK(deadlocks > 0);
    CHECK(passed == 6);
  });
  CHECK(ended.has_value());
}
