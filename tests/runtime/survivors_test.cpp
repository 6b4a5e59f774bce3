#include <troupe/runtime/survivors.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/root.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <algorithm>
#include <thread>
#include <vector>

using namespace troupe;

namespace {

task<> sleeps() { co_await sleep_for(std::chrono::hours{1}); }

task<> starts(int children, std::atomic<bool>& all_started) {
  co_await in_task_group([&](task_group& group) {
    for (int i = 0; i < children; ++i)
      group.start(sleeps);
    all_started.store(true);
  });
}

task<> starts_below(int levels, std::atomic<const fiber*>& last) {
  if (levels == 0) {
    last.store(this_fiber::pointer());
    co_await sleeps();
  }
  co_await in_task_group([&](task_group& group) { group.start(starts_below, levels - 1, std::ref(last)); });
}

template <class Look>
void with_children(int children, Look look) {
  thread_pool_executor pool{1};
  std::atomic<bool> all_started{false};
  auto top = make_root(pool, starts, children, std::ref(all_started));
  top->start();
  while (!all_started.load())
    std::this_thread::yield();
  look(*top);
  top->cancel();
  top->wait();
}

} // namespace

TEST_CASE("survivors are told by path and by what they wait for, and how long", "[runtime]") {
  with_children(2, [](fiber& top) {
    tree_snapshot left;
    do { // they come to their waits soon
      std::this_thread::yield();
      left = take_snapshot(top);
    } while (!std::all_of(left.nodes.begin(), left.nodes.end(), [](const tree_node& node) { return node.wait; }));
    for (tree_node& node : left.nodes)
      node.wait->lasts = std::chrono::milliseconds{340};
    CHECK(detail::survivors(left) == "  /   waits to join its children for 340 ms\n"
                                     "  /0  waits to sleep for 340 ms\n"
                                     "  /1  waits to sleep for 340 ms\n");
  });
}

TEST_CASE("survivors beyond a limit are counted", "[runtime]") {
  with_children(150, [](fiber& top) {
    const std::string told = detail::survivors(take_snapshot(top));
    CHECK(static_cast<std::size_t>(std::count(told.begin(), told.end(), '\n')) == detail::survivor_lines_max + 1);
    CHECK(told.find("  51 more fibers\n") != std::string::npos);
  });
}

TEST_CASE("a fiber is found in its tree by its address, and another one is not", "[runtime]") {
  with_children(2, [](fiber& top) {
    const auto found = detail::find_in_tree(top, &top);
    REQUIRE(found);
    CHECK(found->text() == "/ (fiber 1)");
    std::vector<const fiber*> below;
    top.visit_tree([&](const fiber& visited) { below.push_back(&visited); });
    REQUIRE(below.size() == 3);
    const auto first = detail::find_in_tree(top, below[2]);
    REQUIRE(first);
    CHECK(first->path == "/0");
    CHECK(first->number == 2);
    CHECK_FALSE(detail::find_in_tree(top, nullptr));
  });
}

TEST_CASE("a fiber below 100,000 groups in each other is found without growing the stack", "[runtime]") {
  constexpr int depth = 100'000;
  thread_pool_executor pool{1};
  std::atomic<const fiber*> last{nullptr};
  auto top = make_root(pool, starts_below, depth, std::ref(last));
  top->start();
  while (last.load() == nullptr)
    std::this_thread::yield();
  const auto found = detail::find_in_tree(*top, last.load());
  top->cancel();
  top->wait();
  REQUIRE(found);
  CHECK(found->path.size() == 2 * depth);
  CHECK(found->path.substr(0, 6) == "/0/0/0");
}
