#include <troupe/runtime/survivors.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/root.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <algorithm>
#include <thread>

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

TEST_CASE("survivors are told by path, number and what they wait to do", "[runtime]") {
  with_children(2, [](fiber& top) {
    const std::string all_wait = "  / (fiber 1) waits to join its children (shielded)\n"
                                 "  /1 (fiber 3) waits to sleep\n"
                                 "  /0 (fiber 2) waits to sleep\n";
    std::string told;
    while ((told = detail::survivors(top)) != all_wait) // they come to their waits soon
      std::this_thread::yield();
    CHECK(told == all_wait);
  });
}

TEST_CASE("survivors beyond a limit are counted", "[runtime]") {
  with_children(150, [](fiber& top) {
    const std::string told = detail::survivors(top);
    CHECK(static_cast<std::size_t>(std::count(told.begin(), told.end(), '\n')) == detail::survivor_lines_max + 1);
    CHECK(told.find("  and 51 more\n") != std::string::npos);
  });
}

TEST_CASE("functions that were abandoned are counted in a line", "[runtime][B8]") {
  CHECK(detail::abandoned_functions(0).empty());
  CHECK(detail::abandoned_functions(1) == "  1 function left behind by offload_abandon, not returned\n");
  CHECK(detail::abandoned_functions(2) == "  2 functions left behind by offload_abandon, not returned\n");
}
