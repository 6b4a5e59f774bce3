#include <troupe/mailbox/mailbox_hold.hpp>

#include <tests/catch.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/observed_scope.hpp>
#include <troupe/simulation/simulator.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct job {
  int number;
};
struct rest {};
struct question {
  reply<int> to;
};
using work = message<job, rest>;
using asked_work = message<job, question>;

detail::node_facts told_by(const detail::mailbox_hold& held) {
  detail::node_facts facts;
  held.tell(facts);
  return facts;
}

} // namespace

TEST_CASE("whoever holds a mailbox sees what is in it after its halves have gone", "[mailbox][G2]") {
  std::optional<detail::mailbox_hold> held;
  {
    mailbox<int> box{capacity{4}};
    const sender<int> to = box.sender();
    const inbox<int> from = box.inbox();
    held.emplace(from);
    CHECK(to.try_send(1) == send_status::accepted);
    CHECK(to.try_send(2) == send_status::accepted);
    const detail::node_facts facts = told_by(*held);
    CHECK(facts.has_mailbox);
    CHECK(facts.mailbox.depth == 2);
    CHECK(facts.mailbox.capacity == 4);
    CHECK_FALSE(facts.mailbox.closed);
  }
  CHECK(told_by(*held).mailbox.depth == 0);
  CHECK(told_by(*held).mailbox.closed);
}

TEST_CASE("a snapshot in the middle of a handler has its message in hand, and not those that were claimed with it",
          "[mailbox][G2]") {
  simulator sim;
  fiber* top = nullptr;
  std::vector<std::string> seen;
  const auto look = [&] {
    const tree_snapshot now = take_snapshot(*top);
    const tree_node& actor = now.nodes.at(1);
    seen.push_back((actor.in_hand ? actor.in_hand->type.substr(actor.in_hand->type.rfind(':') + 1) : "nothing") +
                   ", then " + std::to_string(actor.mailbox->depth));
  };
  const auto serve = [&](inbox<work> in) -> task<> {
    while (auto next = co_await in.receive()) {
      co_await next->match([&](job&) { look(); }, [&](rest&) { look(); });
      next = {};
      look();
    }
  };
  const auto ended = sim.run([&]() -> task<> {
    top = this_fiber::pointer();
    co_await in_task_group([&](task_group& group) -> task<> {
      auto actor = group.start_actor({.name = "actor"}, serve);
      co_await actor.tell<job>(1);
      co_await actor.tell<rest>();
      co_await actor.tell<job>(2);
    });
  });
  CHECK(ended.has_value());
  CHECK(seen == std::vector<std::string>{"job, then 2", "nothing, then 2", "rest, then 1", "nothing, then 1",
                                         "job, then 0", "nothing, then 0"});
}

TEST_CASE("an actor that has let go of its inbox has its mailbox in a snapshot", "[mailbox][G2]") {
  simulator sim{{.clock = clock_mode::manual}};
  auto top = make_root(sim, [] {
    return in_task_group([](task_group& group) {
      static_cast<void>(group.start_actor({.name = "actor"}, [](inbox<work> in) -> task<> {
        { const inbox<work> gone{std::move(in)}; }
        co_await sleep_for(1s);
      }));
    });
  });
  top->start();
  sim.run_until_idle();
  const tree_snapshot seen = take_snapshot(*top);
  REQUIRE(seen.nodes.size() == 2);
  CHECK(seen.nodes[1].kind == node_kind::actor);
  REQUIRE(seen.nodes[1].mailbox);
  CHECK(seen.nodes[1].mailbox->closed);
  sim.advance(1s);
  CHECK(top->has_ended());
}

TEST_CASE("who asks an actor is told to wait for it, also where that has never waited for a message", "[mailbox][G2]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    simulator sim{{.seed = seed, .clock = clock_mode::manual}};
    const auto serve = [](inbox<asked_work> in) -> task<> {
      while (auto next = co_await in.receive())
        co_await next->match([](job&) -> task<> { co_await sleep_for(1s); }, [](question& asked) { asked.to(1); });
    };
    const auto asks = [](actor_ref<asked_work> whom) -> task<> { co_await whom.ask<question>(); };
    auto top = make_root(sim, [&] {
      return in_task_group([&](task_group& group) {
        auto actor = group.start_actor({.name = "actor"}, serve);
        CHECK(actor.try_tell<job>(1) == send_status::accepted);
        group.start(asks, actor);
      });
    });
    top->start();
    sim.run_until_idle();
    const tree_snapshot seen = take_snapshot(*top);
    REQUIRE(seen.nodes.size() == 3);
    REQUIRE(seen.nodes[2].wait);
    CHECK(seen.nodes[2].wait->to == "ask");
    CHECK(seen.nodes[2].wait->on == std::size_t{1});
    sim.advance(2s);
    CHECK(top->has_ended());
  }
}
