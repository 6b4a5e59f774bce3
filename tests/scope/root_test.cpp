#include <troupe/scope/root.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>

#include <tests/catch.hpp>
#include <tests/runtime/child_process.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <csignal>
#include <memory>
#include <stdexcept>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<std::unique_ptr<int>> boxed(int value) {
  co_await checkpoint();
  co_return std::make_unique<int>(value);
}

task<> fails_before_its_first_wait() {
  throw std::invalid_argument{"at once"};
  co_return;
}

task<> throws_without_a_task(int) { throw std::invalid_argument{"no task"}; }

} // namespace

TEST_CASE("a root gives the value of its task", "[scope]") {
  simulator simulated{in_any_order()};
  auto ended = simulated.run(boxed, 3);
  REQUIRE(ended.has_value());
  CHECK(*ended.value() == 3);
}

TEST_CASE("a root gives the error of its task, also one thrown before there is a task", "[scope]") {
  simulator simulated{in_any_order()};
  CHECK_THROWS_AS(simulated.run(fails_before_its_first_wait).value(), std::invalid_argument);
  CHECK_THROWS_AS(simulated.run(throws_without_a_task, 1).value(), std::invalid_argument);
}

TEST_CASE("a root that is cancelled before it starts runs to its first wait", "[scope][TR-032]") {
  simulator simulated{in_any_order()};
  int reached = 0;
  const auto top = make_root(simulated, [&]() -> task<> {
    ++reached;
    co_await checkpoint();
    ++reached;
  });
  top->cancel(cancel_reason::shutdown);
  top->start();
  simulated.run_until_idle();
  REQUIRE(top->has_ended());
  const auto ended = top->take();
  REQUIRE(ended.cancelled());
  CHECK(ended.cause().reason == cancel_reason::shutdown);
  CHECK(ended.cause().origin == 0);
  CHECK(reached == 1);
}

TEST_CASE("function and arguments of a root are gone when its end is told", "[scope]") {
  census alive;
  simulator simulated{in_any_order()};
  const auto top = make_root(
      simulated, [](counted) -> task<> { co_await sleep_for(1s); }, counted{alive});
  CHECK(alive.alive() == 1);
  top->start();
  simulated.advance(1s);
  CHECK(top->has_ended());
  CHECK(alive.alive() == 0);
}

TEST_CASE("a root that is never started leaves nothing behind", "[scope]") {
  census alive;
  {
    simulator simulated{in_any_order()};
    const auto top = make_root(
        simulated, [](counted) -> task<> { co_return; }, counted{alive});
    CHECK(alive.alive() == 1);
  }
  CHECK(alive.alive() == 0);
}

TEST_CASE("wait_for gives up after its limit, and the root goes on", "[scope]") {
  simulator simulated{in_any_order()};
  const auto top = make_root(simulated, boxed, 1);
  CHECK_FALSE(top->wait_for(0ns));
  top->start();
  simulated.run_until_idle();
  CHECK(top->wait_for(0ns));
  top->wait();
  CHECK(top->take().has_value());
}

TEST_CASE("a root that goes while its tree runs ends the program with a sentence", "[scope][E5]") {
  if (in_child_process()) {
    simulator simulated{{.clock = clock_mode::manual}};
    auto top = make_root(simulated, [] { return sleep_for_ever(); });
    top->start();
    simulated.run_until_idle();
    top.reset();
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == -SIGABRT);
  CHECK(child.output.find("a root went away while its tree was running") != std::string::npos);
}
