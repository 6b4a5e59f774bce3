// Trio's cases about a run: its result, what may not be in it, and what all of it shares.

#include <troupe/runtime/runtime.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/catch.hpp>
#include <tests/runtime/child_process.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <coroutine>
#include <csignal>
#include <exception>
#include <functional>
#include <future>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;

namespace {

task<int> same(int x) { co_return x; }

task<int> same_later(int x) {
  co_await yield();
  co_return x;
}

/// Whether a task may write `co_await std::forward<Awaited>(it)`.
template <class Awaited>
concept awaited_in_a_task = requires(detail::promise<void>& inside, Awaited&& awaited) {
  inside.await_transform(std::forward<Awaited>(awaited));
};

/// An awaitable of the language, and of no library in particular.
struct foreign_awaitable {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

/// Throws and catches, waits, and counts when what it finds behind the wait is not what it left.
task<> keeps_its_exception(std::string name, int& wrong) {
  for (int i = 0; i < 3; ++i) {
    std::exception_ptr mine;
    try {
      throw std::runtime_error{name};
    } catch (...) {
      mine = std::current_exception();
    }
    co_await yield();
    if (std::current_exception() != nullptr || std::uncaught_exceptions() != 0 || message_of(mine) != name)
      ++wrong;
  }
}

} // namespace

TEST_CASE("a run gives what its root returns, with a wait in it or without", "[conformance][TR-001]") {
  simulator simulated{in_any_order()};
  CHECK(simulated.run(same, 8).value() == 8);
  CHECK(simulated.run(same_later, 1).value() == 1);
}

TEST_CASE("the error of the root leaves the run as the very object that was thrown", "[conformance][TR-002]") {
  const std::exception_ptr thrown = std::make_exception_ptr(std::invalid_argument{"17"});
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    std::rethrow_exception(thrown);
    co_return;
  });
  REQUIRE(ended.has_error());
  CHECK(ended.error() == thrown);
  CHECK(message_of(ended.error()) == "17");
}

TEST_CASE("a run inside of a run of the same simulator ends the program with a sentence", "[conformance][TR-003]") {
  if (in_child_process()) {
    simulator simulated{in_any_order()};
    static_cast<void>(simulated.run([&]() -> task<> {
      static_cast<void>(simulated.run(same, 1));
      co_return;
    }));
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == -SIGABRT);
  INFO(child.output);
  CHECK(child.output.find("inside of one of its own fibers") != std::string::npos);
}

TEST_CASE("a fiber that would block its thread in a run ends the program with a sentence", "[conformance][TR-003]") {
  if (in_child_process()) {
    thread_pool_executor pool{1};
    static_cast<void>(pool.run([&]() -> task<> {
      static_cast<void>(pool.run(same, 1)); // on the one thread that this fiber holds
      co_return;
    }));
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == -SIGABRT);
  INFO(child.output);
  CHECK(child.output.find("start it in a task group") != std::string::npos);
}

TEST_CASE("a run inside of a run of the same runtime ends the program with a sentence", "[conformance][TR-003]") {
  if (in_child_process()) {
    runtime here{runtime_options{.workers = 1, .handle_signals = false}};
    static_cast<void>(here.run([&]() -> task<> {
      static_cast<void>(here.run(same, 1));
      co_return;
    }));
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == -SIGABRT);
  INFO(child.output);
  CHECK(child.output.find("one at a time") != std::string::npos);
}

TEST_CASE("a task awaits tasks and waits of the library only, and a task but once", "[conformance][TR-032][TR-075]") {
  STATIC_REQUIRE(awaited_in_a_task<task<int>>);
  STATIC_REQUIRE(awaited_in_a_task<detail::sleep_operation>);
  STATIC_REQUIRE_FALSE(awaited_in_a_task<foreign_awaitable>);
  STATIC_REQUIRE_FALSE(awaited_in_a_task<std::suspend_always>);
  STATIC_REQUIRE_FALSE(awaited_in_a_task<std::future<int>>);
  STATIC_REQUIRE_FALSE(awaited_in_a_task<task<int>&>); // std::move says that it is used up
}

TEST_CASE("no fiber finds another one's exception behind a wait", "[conformance][TR-050]") {
  over_seeds(50, [](const simulation_options& options) {
    simulator simulated{options};
    int wrong = 0;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start(keeps_its_exception, "one", std::ref(wrong));
        group.start(keeps_its_exception, "two", std::ref(wrong));
      });
    });
    CHECK(ended.has_value());
    CHECK(wrong == 0);
  });
}

TEST_CASE("all fibers of a run have one executor, and another run has another", "[conformance][TR-056]") {
  const auto executors_of_a_tree = [](simulator& simulated) {
    std::set<executor*> seen;
    const auto look = [&seen]() -> task<> {
      seen.insert(&this_fiber::pointer()->runs_on());
      co_await yield();
      seen.insert(&this_fiber::pointer()->runs_on());
    };
    CHECK(simulated
              .run([&]() -> task<> {
                co_await in_task_group([&](task_group& group) {
                  group.start(look);
                  group.start(look);
                });
                seen.insert(&this_fiber::pointer()->runs_on());
              })
              .has_value());
    return seen;
  };
  simulator one;
  simulator other;
  CHECK(executors_of_a_tree(one) == std::set<executor*>{&one});
  CHECK(executors_of_a_tree(other) == std::set<executor*>{&other});
}
