#include <troupe/scope/snapshot.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>

#include <string>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

task<> sleeps(duration length) { co_await sleep_for(length); }

task<> starts_two_groups() {
  co_await in_task_group([](task_group& outer) -> task<> {
    outer.start({.name = "reader"}, sleeps, 1h);
    outer.start(sleeps, 1h);
    co_await in_task_group([](task_group& inner) {
      inner.start(sleeps, 1h);
      inner.start({.name = "writer"}, sleeps, 1h);
    });
  });
}

task<> starts(int children) {
  co_await in_task_group([children](task_group& group) {
    for (int i = 0; i < children; ++i)
      group.start(sleeps, 1h);
  });
}

task<> starts_below(int levels) {
  if (levels == 0)
    co_await sleep_for(1h);
  co_await in_task_group([levels](task_group& group) { group.start(starts_below, levels - 1); });
}

task<> waits_for_its_sibling() {
  co_await in_task_group([](task_group& group) -> task<> {
    auto sibling = group.start({.name = "sibling"}, sleeps, 1h);
    co_await sibling.wait_ended();
  });
}

template <class Function, class... Args>
tree_snapshot look(std::size_t nodes_max, duration after, Function function, Args... args) {
  simulator sim{{.clock = clock_mode::manual}};
  auto top = make_root(sim, function, args...);
  top->start();
  sim.advance(after);
  tree_snapshot seen = take_snapshot(*top, nodes_max);
  top->cancel();
  sim.run_until_idle();
  return seen;
}

std::vector<std::string> paths_of(const tree_snapshot& seen) {
  std::vector<std::string> paths;
  for (std::size_t at = 0; at != seen.nodes.size(); ++at)
    paths.push_back(seen.path(at));
  return paths;
}

} // namespace

TEST_CASE("a snapshot has each fiber of a tree, parents first, in the order of their start", "[scope][G2]") {
  const tree_snapshot seen = look(snapshot_nodes_max, 5s, starts_two_groups);
  CHECK(paths_of(seen) == std::vector<std::string>{"/", "/reader", "/1", "/1:0", "/1:writer"});
  REQUIRE(seen.nodes.size() == 5);
  CHECK(seen.nodes[0].kind == node_kind::group);
  CHECK(seen.nodes[1].kind == node_kind::fiber);
  CHECK(seen.nodes[4].parent == 0);
  CHECK(seen.nodes[1].number == 2);
  CHECK(seen.omitted == 0);
}

TEST_CASE("a snapshot tells what each fiber waits for, and for how long", "[scope][G2]") {
  const tree_snapshot seen = look(snapshot_nodes_max, 5s + 3ms, waits_for_its_sibling);
  REQUIRE(seen.nodes.size() == 2);
  REQUIRE(seen.nodes[0].wait);
  CHECK(seen.nodes[0].activity == node_activity::waits);
  CHECK(seen.nodes[0].wait->to == "wait for");
  CHECK(seen.nodes[0].wait->object == seen.nodes[1].number);
  CHECK(seen.nodes[0].wait->on == std::size_t{1});
  CHECK_FALSE(seen.nodes[0].wait->shielded);
  CHECK(seen.nodes[0].wait->lasts == duration{5s + 3ms});
  REQUIRE(seen.nodes[1].wait);
  CHECK(seen.nodes[1].wait->to == "sleep");
  CHECK(seen.nodes[1].wait->object == 0);
}

TEST_CASE("a snapshot tells a fiber that is ready, and one that is being stopped in its shielded wait", "[scope][G2]") {
  simulator sim{{.clock = clock_mode::manual}};
  auto top = make_root(sim, [] { return shield(1h, sleeps(1min)); });
  top->start();
  {
    const tree_snapshot begins = take_snapshot(*top);
    REQUIRE(begins.nodes.size() == 1);
    CHECK(begins.nodes[0].activity == node_activity::ready);
    CHECK_FALSE(begins.nodes[0].wait);
  }
  sim.advance(1s);
  top->cancel();
  const tree_snapshot waits = take_snapshot(*top);
  CHECK(waits.nodes[0].activity == node_activity::waits);
  CHECK_FALSE(waits.nodes[0].stopping); // the shield hides it
  sim.advance(1min);
  CHECK(top->has_ended());
}

TEST_CASE("fibers beyond the limit of a snapshot are counted", "[scope][G2]") {
  const tree_snapshot seen = look(4, 0s, starts, 20);
  CHECK(seen.nodes.size() == 4);
  CHECK(seen.omitted == 17);
  CHECK(look(0, 0s, starts, 2).omitted == 3);
}

TEST_CASE("a snapshot of 100,000 groups in each other does not grow the stack", "[scope][G2]") {
  const tree_snapshot seen = look(200'000, 0s, starts_below, 100'000);
  REQUIRE(seen.nodes.size() == 100'001);
  CHECK(seen.path(100'000).size() == 200'000);
}

TEST_CASE("a snapshot from a fiber of the tree sees that fiber run", "[scope][G2]") {
  simulator sim{tests::in_any_order()};
  tree_snapshot seen;
  fiber* top = nullptr;
  const auto ended = sim.run([&]() -> task<> {
    top = this_fiber::pointer();
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start([&]() -> task<> {
        seen = take_snapshot(*top);
        co_return;
      });
      co_await sleep_for(1s);
    });
  });
  CHECK(ended.has_value());
  REQUIRE(seen.nodes.size() == 2);
  CHECK(seen.nodes[1].activity == node_activity::runs);
}
