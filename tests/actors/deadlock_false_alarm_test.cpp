// What looks like a cycle of waits, and ends.

#include <troupe/scope/wait_for_graph.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>

#include <tests/catch.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("a cycle with a way out is none: a limit that moves on, on any of its edges", "[actors][C4]") {
  struct work_of {
    bool limited;
    reply<std::string> to;
  };
  using asked = message<work_of>;
  for (const bool first_is_limited : {true, false}) {
    simulator simulated{in_any_order()};
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        std::vector<actor_ref<asked>> all;
        int depth = 0;
        const auto serve = [&](inbox<asked> in, std::size_t other, bool limited) -> task<> {
          while (auto next = co_await in.receive())
            co_await next->match([&, other, limited](work_of& m) -> task<> {
              std::string answer = "bottom";
              if (++depth <= 2) {
                if (limited) {
                  std::optional<std::string> got = co_await move_on_after(1s, all[other].template ask<work_of>(true));
                  answer = got ? *got : "moved on";
                } else {
                  answer = co_await all[other].template ask<work_of>(true);
                }
              }
              m.to(answer);
            });
        };
        all.push_back(group.start_actor({.name = "a"}, serve, std::size_t{1}, first_is_limited));
        all.push_back(group.start_actor({.name = "b"}, serve, std::size_t{0}, !first_is_limited));
        const std::string got = co_await all[0].ask<work_of>(true);
        CHECK(got == "moved on");
        CHECK(now() == instant{1s});
        group.cancel();
      });
    });
    CHECK(ended.has_value());
  }
}

namespace {

struct question {
  reply<int> to;
};
using questions = message<question>;

/// Asks `other`, and answers with what it says.
task<> passes_questions_on(inbox<questions> in, const actor_ref<questions>& other) {
  while (auto next = co_await in.receive())
    co_await next->match([&](question& m) -> task<> {
      const int got = co_await other.ask<question>();
      m.to(got);
    });
}

} // namespace

TEST_CASE("a cycle is none while somebody else has the reply", "[actors][C4]") {
  // /a asks /b, whose helper answers after a second; meanwhile /b asks /a, which is free again then.
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      std::vector<actor_ref<questions>> all;
      all.reserve(2);
      std::vector<reply<int>> kept;
      int asked = 0;
      const auto b = [&](inbox<questions> in) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match([&](question& m) -> task<> {
            if (++asked > 1) {
              m.to(7);
              co_return;
            }
            kept.push_back(std::move(m.to));
            const outcome<int> got = co_await as_outcome(all[0].ask<question>());
            CHECK(got.has_value());
          });
      };
      std::optional<actor_ref<questions>> to_b;
      const auto a = [&](inbox<questions> in) -> task<> {
        int served = 0;
        while (auto next = co_await in.receive())
          co_await next->match([&](question& m) -> task<> {
            if (++served > 1) {
              m.to(8);
              co_return;
            }
            const int got = co_await to_b->ask<question>();
            m.to(got);
          });
      };
      all.push_back(group.start_actor({.name = "a"}, a));
      to_b = group.start_actor({.name = "b"}, b);
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        kept.front()(9);
      });
      const int got = co_await all[0].ask<question>();
      CHECK(got == 9);
      co_await sleep_for(1s);
      group.cancel();
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a cycle is none while a child of who is in it may answer or read for it", "[actors][C4]") {
  for (const bool lends_inbox : {false, true}) {
    simulator simulated{in_any_order()};
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        std::optional<actor_ref<questions>> to_a, to_b;
        // Handles one by asking /b, while a child answers for it, or reads on.
        const auto a = [&](inbox<questions> in) -> task<> {
          auto first = co_await in.receive();
          co_await first->match([&](question& m) -> task<> {
            co_await in_task_group([&](task_group& own) -> task<> {
              if (lends_inbox)
                own.start([&in]() -> task<> {
                  co_await sleep_for(1s);
                  auto second = co_await in.receive();
                  co_await second->match([](question& other) { other.to(5); });
                });
              else
                own.start([&m]() -> task<> {
                  co_await sleep_for(1s);
                  m.to(5);
                });
              const outcome<int> got = co_await as_outcome(fail_after(2s, to_b->ask<question>()));
              CHECK(got.has_value() == lends_inbox);
              CHECK_FALSE((got.has_error() && message_of(got.error()).find("would_deadlock") != std::string::npos));
            });
            m.to(6);
          });
          while (auto next = co_await in.receive())
            co_await next->match([](question& m) { m.to(4); });
        };
        to_a = group.start_actor({.name = "a"}, a);
        to_b = group.start_actor({.name = "b"}, passes_questions_on, std::cref(*to_a));
        const int got = co_await to_a->ask<question>();
        CHECK(got == (lends_inbox ? 6 : 5));
        co_await sleep_for(5s);
        group.cancel();
      });
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("a cycle is none while somebody else has the message", "[actors][C4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      std::optional<actor_ref<questions>> to_a, to_b;
      // Gives what it takes to a fiber that is no child of its own, and asks /a itself.
      const auto b = [&](inbox<questions> in) -> task<> {
        received<questions> next = co_await in.receive();
        const auto answers_late = [](received<questions> taken) -> task<> {
          co_await sleep_for(1s);
          co_await taken->match([](question& m) { m.to(5); });
        };
        group.start(answers_late, std::move(next));
        const int got = co_await to_a->ask<question>();
        CHECK(got == 4);
        CHECK(now() == instant{1s});
      };
      const auto a = [&](inbox<questions> in) -> task<> {
        int served = 0;
        while (auto next = co_await in.receive())
          co_await next->match([&](question& m) -> task<> {
            const int got = ++served > 1 ? 4 : 0;
            if (got != 0) {
              m.to(got);
              co_return;
            }
            const int asked = co_await to_b->ask<question>();
            m.to(asked);
          });
      };
      to_a = group.start_actor({.name = "a"}, a);
      to_b = group.start_actor({.name = "b"}, b);
      const int got = co_await to_a->ask<question>();
      CHECK(got == 5);
      co_await sleep_for(1s);
      group.cancel();
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a cycle is none when what its fiber has taken makes the room that another waits for", "[mailbox][C4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const mailbox<int> left{capacity{1}}, right{capacity{1}};
    const sender<int> to_left = left.sender(), to_right = right.sender();
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(
          [](inbox<int> in, sender<int> out) -> task<> {
            co_await sleep_for(1s);
            static_cast<void>(co_await in.receive()); // makes room, of which nobody has heard yet
            co_await out.send(1);
            CHECK(now() == instant{1s});
          },
          left.inbox(), to_right);
      co_await to_right.send(0);
      group.start(
          [](inbox<int> in, sender<int> out) -> task<> {
            static_cast<void>(co_await in.receive());
            co_await out.send(1);
            co_await out.send(2); // waits for a second
            static_cast<void>(co_await in.receive());
            static_cast<void>(co_await in.receive());
          },
          right.inbox(), to_left);
      co_await sleep_for(500ms);
      co_await to_right.send(0);
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a cycle is none where an inbox has gone to somebody else", "[mailbox][C4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    int drained = 0;
    const auto drain = [&](inbox<int> in) -> task<> {
      co_await sleep_for(1s);
      while (auto next = co_await in.receive())
        ++drained;
    };
    co_await in_task_group([&](task_group& group) {
      group.start(
          [&](inbox<int> in, sender<int> self) -> task<> {
            co_await self.send(0);
            static_cast<void>(co_await in.receive());
            group.start(drain, std::move(in));
            for (int i = 0; i < 3; ++i)
              co_await self.send(i);
          },
          box.inbox(), box.sender());
    });
    CHECK(drained == 3);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a full mailbox with a permit out may get room from who holds it", "[mailbox][C4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const sender<int> out = box.sender();
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(
          [](inbox<int> in, sender<int> self) -> task<> {
            co_await self.send(1);
            static_cast<void>(co_await in.receive()); // from here on it is the reader
            co_await sleep_for(1s);                   // the permit is taken
            co_await self.send(2);
            CHECK(now() == instant{2s});
          },
          box.inbox(), box.sender());
      co_await sleep_for(500ms);
      permit<int> held = co_await out.reserve();
      co_await sleep_for(1500ms);
      held = {};
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a cycle through a mailbox that several read is none", "[mailbox][C4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(
          [](receiver<int> in, sender<int> self) -> task<> {
            co_await self.send(1);
            static_cast<void>(co_await in.receive());
            co_await self.send(2);
            co_await self.send(3); // the other one takes them
          },
          box.receiver(), box.sender());
      co_await sleep_for(1s);
      const receiver<int> other = box.receiver();
      for (int i = 0; i < 2; ++i)
        static_cast<void>(co_await other.receive());
    });
  });
  CHECK(ended.has_value());
}
