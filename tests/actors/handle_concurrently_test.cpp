#include <troupe/actors/handle_concurrently.hpp>

#include "service.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/snapshot.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

struct load {
  int now = 0, most = 0;
};

task<> busy(load& seen, work& asked) {
  seen.most = std::max(seen.most, ++seen.now);
  co_await sleep_for(asked.takes);
  --seen.now;
  if (asked.how == manner::throws)
    throw std::range_error{"the work failed"};
  asked.to(asked.id);
}

task<> crowd(inbox<service_message> in, std::size_t at_most, load& seen) {
  co_await handle_concurrently(in, at_most, [&](service_message& m) {
    return m.match([&](work& asked) { return busy(seen, asked); }, [](remark&) {});
  });
}

} // namespace

TEST_CASE("an actor handles several asks at once where it says so, and no more than it says", "[actors][F1]") {
  simulator simulated{in_any_order()};
  load seen;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto ref = group.start_actor({.capacity = 100}, crowd, std::size_t{3}, std::ref(seen));
      std::vector<instant> ends;
      co_await in_task_group([&](task_group& askers) {
        for (int id = 0; id < 9; ++id)
          askers.start([&ref, &ends, id]() -> task<> {
            const int got = co_await ref.ask<work>(id, manner::answers, 1s);
            CHECK(got == id);
            ends.push_back(now());
          });
      });
      REQUIRE(ends.size() == 9);
      for (std::size_t i = 0; i < ends.size(); ++i)
        CHECK(ends[i] == instant{1s} + std::chrono::seconds{i / 3});
      ref.stop_after_drain();
    });
    CHECK(now() == instant{3s});
  });
  CHECK(ended.has_value());
  CHECK(seen.most == 3);
}

TEST_CASE("handlers at once are stopped one by one by their revokes, and all by a failure or a stop", "[actors][F1]") {
  simulator simulated{in_any_order()};
  load seen;
  const outcome<> ended = simulated.run([&]() -> task<> {
    const outcome<> failed = co_await as_outcome(in_task_group([&](task_group& group) -> task<> {
      const auto ref = group.start_actor({.capacity = 100}, crowd, std::size_t{3}, std::ref(seen));
      const outcome<int> late = co_await as_outcome(fail_after(1s, ref.ask<work>(1, manner::answers, 5s)));
      CHECK(fate_of_ask(late) == ask_failure::aborted);
      group.start([&ref]() -> task<> {
        const outcome<int> beside = co_await as_outcome(ref.ask<work>(2, manner::answers, 5s));
        CHECK(failure_of_ask(beside) == ask_failure::aborted);
      });
      const outcome<int> bad = co_await as_outcome(ref.ask<work>(3, manner::throws, 1s));
      CHECK(message_of(bad.error()) == "the work failed");
      co_await sleep_for_ever();
    }));
    CHECK(failed.has_error());
    CHECK(now() == instant{2s});
  });
  CHECK(ended.has_value());
}

TEST_CASE("an actor that handles several at once can be asked back by whom it asks", "[actors][F1][C4]") {
  struct question {
    int depth;
    reply<int> to;
  };
  using questions = message<question>;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      std::vector<actor_ref<questions>> all;
      all.reserve(2);
      const auto answers = [&all](question& q, std::size_t other) -> task<> {
        int below = 0;
        if (q.depth > 0)
          below = co_await all[other].ask<question>(q.depth - 1);
        q.to(below + 1);
      };
      const auto many = [&](inbox<questions> in, std::size_t other) -> task<> {
        co_await handle_concurrently(
            in, 8, [&, other](questions& m) { return m.match([&, other](question& q) { return answers(q, other); }); });
      };
      const auto serial = [&](inbox<questions> in, std::size_t other) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match([&, other](question& q) { return answers(q, other); });
      };
      all.push_back(group.start_actor({}, many, std::size_t{1}));
      all.push_back(group.start_actor({}, serial, std::size_t{0}));
      const int got = co_await all[0].ask<question>(2); // many, serial, many
      CHECK(got == 3);
      group.cancel();
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a snapshot tells who waits for a slot that one of its own handlers holds", "[actors][G2]") {
  simulator simulated{{.clock = clock_mode::manual}};
  load seen;
  auto top = make_root(simulated, [&] {
    return in_task_group([&](task_group& group) {
      auto ref = group.start_actor({.name = "crowd", .capacity = 100}, crowd, std::size_t{2}, std::ref(seen));
      for (int id = 0; id < 3; ++id)
        group.start([ref, id]() -> task<> { co_await ref.ask<work>(id, manner::answers, 1s); });
    });
  });
  top->start();
  simulated.run_until_idle();
  const tree_snapshot now = take_snapshot(*top);
  REQUIRE(now.nodes.size() == 7); // it, the actor, its two handlers, and who ask
  REQUIRE(now.nodes[1].wait);
  CHECK(now.nodes[1].wait->to == "reserve");
  CHECK(now.nodes[1].wait->on == std::size_t{1});
  simulated.advance(2s);
  CHECK(seen.most == 2);
}
