#include <troupe/scope/observed_scope.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/snapshot.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct called_running {
  void tell(detail::node_facts& facts) const noexcept {
    facts.state = "running";
    facts.incarnation = 3;
  }
};

struct looks_after {
  void tell(detail::node_facts& facts) const noexcept { facts.kind = node_kind::caretaker; }
};

template <class What>
task<> in_scope(What what) {
  fiber& self = co_await detail::current_fiber{};
  {
    const detail::observed_scope scope{self, cancel_scope::shielding::none, what};
    co_await sleep_for(1s);
  }
  co_await sleep_for(1s);
}

} // namespace

TEST_CASE("a snapshot asks the scopes that a fiber is in what it is, until they are left", "[scope][G2]") {
  simulator sim{{.clock = clock_mode::manual}};
  auto top = make_root(sim, in_scope<called_running>, called_running{});
  top->start();
  sim.run_until_idle();
  const tree_snapshot inside = take_snapshot(*top);
  CHECK(inside.nodes[0].state == "running");
  CHECK(inside.nodes[0].incarnation == 3);
  CHECK(inside.nodes[0].restarts() == 2);
  sim.advance(1s);
  CHECK(take_snapshot(*top).nodes[0].state.empty());
  sim.advance(1s);
  CHECK(top->has_ended());
}

TEST_CASE("a fiber with a caretaker below it is a supervisor", "[scope][G2]") {
  simulator sim{{.clock = clock_mode::manual}};
  auto top = make_root(sim, [] {
    return in_task_group([](task_group& group) {
      group.start(in_scope<called_running>, called_running{});
      group.start(in_scope<looks_after>, looks_after{});
    });
  });
  top->start();
  sim.run_until_idle();
  const tree_snapshot seen = take_snapshot(*top);
  REQUIRE(seen.nodes.size() == 3);
  CHECK(seen.nodes[0].kind == node_kind::supervisor);
  CHECK(seen.nodes[1].kind == node_kind::fiber);
  CHECK(seen.nodes[2].kind == node_kind::caretaker);
  sim.advance(2s);
  CHECK(top->has_ended());
}
