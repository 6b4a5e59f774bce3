// Trio's cases about the tree of a run as code and people see it.

#include <troupe/scope/deadline.hpp>
#include <troupe/scope/event.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> endless() { co_await wait_for_ever(); }

} // namespace

TEST_CASE("a child knows its place below its parent, and the root is below nobody", "[conformance][TR-016][TR-017]") {
  recorder sink;
  simulator simulated{{.sink = &sink}};
  std::string root_path;
  std::string child_path;
  std::uint64_t root = 0;
  std::uint64_t child = 0;
  const auto ended = simulated.run([&]() -> task<> {
    root = this_fiber::pointer()->number();
    root_path = this_fiber::pointer()->path();
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        child = this_fiber::pointer()->number();
        child_path = this_fiber::pointer()->path();
        co_return;
      });
    });
  });
  CHECK(ended.has_value());
  CHECK(root_path == "/");
  CHECK(child_path == "/0");
  std::vector<event> starts;
  for (const event& each : sink.events())
    if (each.kind == event_kind::fiber_started)
      starts.push_back(each);
  REQUIRE(starts.size() == 2);
  CHECK(starts[0].object == root);
  CHECK(starts[0].cause == 0); // nobody's child
  CHECK(starts[1].object == child);
  CHECK(starts[1].cause == root);
}

TEST_CASE("the tree can be seen while it runs, and what has ended is gone from it", "[conformance][TR-070]") {
  simulator simulated{{.clock = clock_mode::manual}};
  const auto top = make_root(simulated, []() -> task<> {
    co_await in_task_group([](task_group& outer) {
      outer.start([]() -> task<> {
        co_await in_task_group([](task_group& first) -> task<> {
          co_await in_task_group([&](task_group& second) {
            first.start(endless);
            second.start([]() -> task<> { co_await sleep_for(1s); });
          });
          first.cancel();
        });
        co_await sleep_for(1s);
      });
    });
  });
  const auto paths = [&] {
    std::multiset<std::string> found;
    top->visit_tree([&](fiber& visited) { found.insert(visited.path()); });
    return found;
  };
  CHECK(paths() == std::multiset<std::string>{"/"});
  top->start();
  simulated.run_until_idle();
  CHECK(paths() == std::multiset<std::string>{"/", "/0", "/0/0", "/0/1:0"});
  simulated.advance(1s);
  CHECK(paths() == std::multiset<std::string>{"/", "/0"});
  simulated.advance(1s);
  CHECK(top->has_ended());
  CHECK(paths() == std::multiset<std::string>{"/"});
}

TEST_CASE("who lives, who waits, and when the next limit comes can be asked", "[conformance][TR-019]") {
  simulator simulated{{.clock = clock_mode::manual}};
  std::optional<child<>> one;
  const auto top = make_root(simulated, [&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      one.emplace(group.start(endless));
      const bool in_time = co_await move_on_after(5s, endless());
      CHECK_FALSE(in_time);
      co_await wait_for_ever();
    });
  });
  std::size_t living = 0;
  std::size_t waiting = 0;
  const auto count = [&] {
    living = waiting = 0;
    top->visit_tree([&](fiber& visited) {
      ++living;
      waiting += visited.waiting() ? 1 : 0;
    });
  };
  top->start();
  simulated.run_until_idle();
  count();
  CHECK(living == 2);
  CHECK(waiting == 2);
  one->cancel();
  count();
  CHECK(living == 2);
  CHECK(waiting == 1); // the other one can run
  simulated.run_until_idle();
  count();
  CHECK(living == 1);
  CHECK(simulated.clock().next() == instant{5s});
  simulated.advance(5s);
  CHECK(simulated.clock().next() == instant::max());
  top->cancel();
  simulated.run_until_idle();
  CHECK(top->take().cancelled());
}

TEST_CASE("code can tell whether it runs in a fiber, in plain functions and destructors too", "[conformance][TR-113]") {
  struct looks_when_it_goes {
    fiber*& seen;
    explicit looks_when_it_goes(fiber*& out) : seen(out) {}
    ~looks_when_it_goes() { seen = this_fiber::pointer(); }
  };
  CHECK(this_fiber::pointer() == nullptr);
  fiber* in_function = nullptr;
  fiber* in_destructor = nullptr;
  fiber* on_other_thread = nullptr;
  const fiber* itself = nullptr;
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    itself = this_fiber::pointer();
    [&] { in_function = this_fiber::pointer(); }();
    on_other_thread = this_fiber::pointer();
    std::thread{[&] { on_other_thread = this_fiber::pointer(); }}.join();
    co_await in_task_group([&](task_group& group) -> task<> {
      const looks_when_it_goes local{in_destructor};
      group.cancel();
      co_await wait_for_ever();
    });
  });
  CHECK(ended.has_value());
  CHECK(itself != nullptr);
  CHECK(in_function == itself);
  CHECK(in_destructor == itself);
  CHECK(on_other_thread == nullptr);
  CHECK(this_fiber::pointer() == nullptr);
}
