#include <troupe/simulation/simulator.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/offload.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> worker(std::vector<int>& order, int number) {
  for (int i = 0; i < 4; ++i) {
    order.push_back(number);
    co_await yield();
    co_await sleep_for(std::chrono::milliseconds{number});
  }
}

task<> crowd(std::vector<int>& order) {
  co_await in_task_group([&](task_group& group) {
    for (int i = 0; i < 4; ++i)
      group.start(worker, std::ref(order), i);
  });
}

using event_list = std::vector<std::tuple<instant, event_kind, std::uint64_t, std::uint64_t, std::uint64_t>>;

event_list traced(std::uint64_t seed, clock_mode clock) {
  recorder sink;
  simulator simulated{{.seed = seed, .clock = clock, .sink = &sink}};
  std::vector<int> order;
  CHECK(simulated.run(crowd, std::ref(order)).has_value());
  event_list all;
  for (const event& each : sink.events())
    all.emplace_back(each.time, each.kind, each.object, each.subject, each.cause);
  return all;
}

std::string deadlock_of(simulation_options options, task<> (*tree)()) {
  simulator simulated{std::move(options)};
  try {
    static_cast<void>(simulated.run(tree));
  } catch (const deadlock_error& found) {
    return found.what();
  }
  return "no deadlock";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("the same seed gives the same events, in the same order, at the same virtual time", "[simulation]") {
  for (std::uint64_t seed = 0; seed < seeds(100); ++seed)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race}) {
      const event_list first = traced(seed, clock);
      CHECK(first.size() > 20);
      CHECK(first == traced(seed, clock));
    }
}

TEST_CASE("different seeds give different orders", "[simulation]") {
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    simulator simulated{{.seed = seed}};
    std::vector<int> order;
    CHECK(simulated.run(crowd, std::ref(order)).has_value());
    orders.insert(order);
  }
  CHECK(orders.size() > 20);
}

TEST_CASE("every order of two independent fibers comes up", "[simulation]") {
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    simulator simulated{{.seed = seed}};
    std::vector<int> order;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        for (const int number : {1, 2})
          group.start([&order, number]() -> task<> {
            order.push_back(number);
            co_await yield();
            order.push_back(number);
          });
      });
    });
    CHECK(ended.has_value());
    orders.insert(order);
  }
  CHECK(orders.size() == 6); // 4 choose 2
}

TEST_CASE("autojump moves the clock only when nobody can run", "[simulation]") {
  simulator simulated;
  instant between{};
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([]() -> task<> { co_await sleep_for(1h); });
      group.start([&]() -> task<> {
        for (int i = 0; i < 100; ++i)
          co_await yield();
        between = this_fiber::pointer()->runs_on().time().now();
      });
    });
  });
  CHECK(ended.has_value());
  CHECK(between == instant{});
  CHECK(simulated.time().now() == instant{1h});
}

TEST_CASE("with the race clock a timer may come while others can run, and may not", "[simulation]") {
  std::set<bool> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    simulator simulated{{.seed = seed, .clock = clock_mode::race}};
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([]() -> task<> { co_await sleep_for(1h); });
        group.start([&]() -> task<> {
          for (int i = 0; i < 3; ++i)
            co_await yield();
          seen.insert(this_fiber::pointer()->runs_on().time().now() == instant{});
        });
      });
    });
    CHECK(ended.has_value());
  }
  CHECK(seen.size() == 2);
}

TEST_CASE("an offloaded function is a step of its own, drawn among the ready fibers, and no deadlock",
          "[simulation][B8]") {
  std::set<int> turns_before;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    simulator simulated{{.seed = seed}};
    int turns = 0;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> { co_await offload([&] { turns_before.insert(turns); }); });
        group.start([&]() -> task<> {
          for (; turns < 3; ++turns)
            co_await yield();
        });
      });
    });
    CHECK(ended.has_value());
  }
  CHECK(turns_before == std::set<int>{0, 1, 2, 3});
}

TEST_CASE("an offloaded function that advances the clock takes that long, in any mode, while others run",
          "[simulation][B8]") {
  for (const clock_mode clock : {clock_mode::autojump, clock_mode::race, clock_mode::manual}) {
    simulator simulated{{.clock = clock}};
    instant other{};
    instant own{};
    const auto top = make_root(simulated, [&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start([&]() -> task<> {
          co_await sleep_for(1s);
          other = simulated.time().now();
        });
        own = co_await offload([&] {
          simulated.advance(3s);
          return simulated.time().now();
        });
      });
    });
    top->start();
    simulated.run_until_idle();
    CHECK(top->has_ended());
    CHECK(other == instant{1s});
    CHECK(own >= instant{3s});
  }
}

TEST_CASE("a manual clock moves only in advance, which fires each timer at its instant", "[simulation]") {
  simulator simulated{{.clock = clock_mode::manual}};
  std::vector<instant> woken;
  const auto top = make_root(simulated, [&]() -> task<> {
    for (int i = 0; i < 3; ++i) {
      co_await sleep_for(1s);
      woken.push_back(simulated.time().now());
    }
  });
  top->start();
  simulated.run_until_idle();
  CHECK(woken.empty());
  simulated.advance(2'500ms);
  CHECK(woken == std::vector<instant>{instant{1s}, instant{2s}});
  CHECK(simulated.time().now() == instant{2'500ms});
  simulated.advance(0s);
  simulated.advance(-1s);
  CHECK(simulated.time().now() == instant{2'500ms});
  simulated.advance(500ms);
  CHECK(top->has_ended());
}

TEST_CASE("advancing by more than the clock can hold runs everything and ends at the last instant",
          "[simulation][B7]") {
  simulator simulated{{.clock = clock_mode::manual}};
  const auto top = make_root(simulated, []() -> task<> {
    co_await sleep_for(1h);
    co_await sleep_for(1h);
  });
  top->start();
  simulated.advance(duration::max());
  CHECK(top->has_ended());
  CHECK(simulated.time().now() == instant::max());
}

TEST_CASE("a deadlock is reported with who waits for what, after the tree has been stopped", "[simulation]") {
  const std::string report = deadlock_of({.seed = 17}, []() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      auto blocked = group.start([]() -> task<> { co_await wait_for_ever(); });
      co_await blocked.wait_ended();
    });
  });
  CHECK(contains(report, "deadlock after "));
  CHECK(contains(report, "seed 17"));
  CHECK(contains(report, "fiber 1 at / waits to wait for: child /0\n"));
  CHECK(contains(report, "fiber 2 at /0 waits to wait for ever\n"));
}

TEST_CASE("fibers that wait for each other are a deadlock", "[simulation]") {
  CHECK(contains(deadlock_of({},
                             []() -> task<> {
                               std::optional<child<>> first,
                                   second; // out here: the body's locals go before its children
                               co_await in_task_group([&](task_group& group) -> task<> {
                                 first.emplace(group.start([&]() -> task<> {
                                   while (!second)
                                     co_await yield();
                                   co_await second->wait_ended();
                                 }));
                                 second.emplace(group.start([&]() -> task<> { co_await first->wait_ended(); }));
                                 co_await first->wait_ended();
                               });
                             }),
                 "waits to wait for: child /1"));
}

TEST_CASE("a pending timer under a manual clock is named in the report", "[simulation]") {
  const std::string report = deadlock_of({.clock = clock_mode::manual}, []() -> task<> { co_await sleep_for(1s); });
  CHECK(contains(report, "waits to sleep"));
  CHECK(contains(report, "call advance"));
}

TEST_CASE("a pending timer is no deadlock", "[simulation]") {
  CHECK(deadlock_of({}, []() -> task<> {
          static_cast<void>(co_await move_on_after(1h, []() -> task<> { co_await wait_for_ever(); }()));
        }) == "no deadlock");
}

TEST_CASE("when only daemons wait the tree is shut down, and that is no deadlock", "[simulation][TR-044]") {
  over_seeds(50, [](const simulation_options& options) {
    simulator simulated{options};
    std::optional<child<>> server;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        server.emplace(group.start([]() -> task<> { co_await serve_for_ever(); }));
        group.start([]() -> task<> { co_await sleep_for(1s); });
      });
    });
    REQUIRE(ended.cancelled());
    CHECK(ended.cause().reason == cancel_reason::shutdown);
    CHECK(server->result().cancelled());
    CHECK(simulated.time().now() == instant{1s});
  });
}

TEST_CASE("a daemon beside somebody who waits in earnest is a deadlock", "[simulation]") {
  const std::string report = deadlock_of({}, []() -> task<> {
    co_await in_task_group([](task_group& group) {
      group.start([]() -> task<> { co_await serve_for_ever(); });
      group.start([]() -> task<> { co_await wait_for_ever(); });
    });
  });
  CHECK(contains(report, "fiber 2 at /0 waits to wait for ever (daemon)\n"));
  CHECK(contains(report, "fiber 3 at /1 waits to wait for ever\n"));
}

TEST_CASE("a tree that goes on and on is a livelock, and is stopped", "[simulation]") {
  census alive;
  simulator simulated{{.steps_max = 1'000}};
  CHECK_THROWS_AS(simulated.run([&]() -> task<> {
    const counted here{alive};
    for (;;)
      co_await yield();
  }),
                  livelock_error);
  CHECK(alive.made.load() == 1);
  CHECK(alive.alive() == 0);
}

TEST_CASE("cancel_at_step cancels the root before that step, each wait being a step of its own", "[simulation]") {
  std::set<int> reached_at;
  const std::uint64_t runs = cancelled_at_every_step(5, clock_mode::autojump, [&](const simulation_options& options) {
    simulator simulated{options};
    int reached = 0;
    const auto ended = simulated.run([&]() -> task<> {
      for (int i = 0; i < 10; ++i) {
        co_await checkpoint();
        ++reached;
      }
    });
    CHECK(ended.cancelled() == (reached < 10));
    if (ended.cancelled())
      CHECK(ended.cause().reason == cancel_reason::requested);
    reached_at.insert(reached);
    return simulated.steps();
  });
  CHECK(runs >= 11);
  CHECK(reached_at.size() == 11); // at every one of the ten waits, and not at all
}

TEST_CASE("before_step is told each step by its number", "[simulation]") {
  std::vector<std::uint64_t> steps;
  simulator simulated{{.before_step = [&](std::uint64_t step) { steps.push_back(step); }}};
  std::vector<int> order;
  CHECK(simulated.run(crowd, std::ref(order)).has_value());
  REQUIRE(steps.size() == simulated.steps());
  for (std::size_t i = 0; i < steps.size(); ++i)
    CHECK(steps[i] == i);
}

TEST_CASE("a simulator runs several trees one after the other, and time goes on", "[simulation]") {
  simulator simulated;
  for (int i = 1; i <= 3; ++i) {
    CHECK(simulated.run([]() -> task<> { co_await sleep_for(1s); }).has_value());
    CHECK(simulated.time().now() == instant{std::chrono::seconds{i}});
  }
}
