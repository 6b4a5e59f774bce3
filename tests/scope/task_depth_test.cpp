// No stack grows with what is awaited, in any build: this file is optimised in an optimised one.

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/task.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr int chain_length = 100'000;
constexpr int many_awaits = 1'000'000;

enum class ending { value, error, stop };

task<int> number(int value) { co_return value; }

struct links {
  int made = 0;
  int gone = 0;
  int gone_while_stopping = 0;
};

class link {
public:
  explicit link(links& of) noexcept : of_(of) { ++of_.made; }
  link(const link&) = delete;
  link& operator=(const link&) = delete;
  ~link() {
    ++of_.gone;
    of_.gone_while_stopping += this_fiber::stopping() ? 1 : 0;
  }

private:
  links& of_;
};

task<int> chain(links& seen, int below, ending how) {
  const link mine{seen};
  if (below > 0) {
    const int length = co_await chain(seen, below - 1, how);
    co_return length + 1;
  }
  if (how == ending::error)
    throw std::runtime_error("at the bottom");
  if (how == ending::stop)
    co_await sleep_for(24h);
  co_return 1;
}

/// Each frame holds the next one as a parameter.
task<int> holding(links& seen, task<int> held) {
  const link mine{seen};
  const int length = co_await std::move(held);
  co_return length + 1;
}
task<int> chain_of_holders(links& seen, ending how) {
  task<int> top = chain(seen, 0, how);
  for (int i = 1; i < chain_length; ++i)
    top = holding(seen, std::move(top));
  return top;
}

task<int> awaiting(links& seen, ending how) {
  const int length = co_await chain(seen, chain_length - 1, how);
  co_return length;
}
task<int> awaiting_holders(links& seen, ending how) {
  task<int> top = chain_of_holders(seen, how);
  const int length = co_await std::move(top);
  co_return length;
}
task<std::string> ended_by(task<int> (*work)(links&, ending), links& seen, ending how) {
  outcome<std::optional<int>> ended = co_await as_outcome(move_on_after(1s, work(seen, how)));
  if (ended.has_error())
    co_return message_of(ended.error());
  if (!ended.value().has_value())
    co_return "stopped";
  co_return std::to_string(*ended.value());
}
void require_chain_ends(task<int> (*work)(links&, ending)) {
  for (const ending how : {ending::value, ending::error, ending::stop}) {
    INFO("0: value, 1: error, 2: stop: " << static_cast<int>(how));
    simulator sim;
    links seen;
    const char* const wanted = how == ending::value ? "100000" : how == ending::error ? "at the bottom" : "stopped";
    CHECK(sim.run(ended_by, work, std::ref(seen), how).value() == wanted);
    CHECK(seen.made == chain_length);
    CHECK(seen.gone == chain_length);
    CHECK(seen.gone_while_stopping == (how == ending::stop ? chain_length : 0));
  }
}

/// Starts the outermost only, so that the stop finds the rest of the chain unstarted in its parameter.
task<> never_awaits(links& seen, task<int> held) {
  const link mine{seen};
  co_await sleep_for(24h);
  static_cast<void>(co_await as_outcome(std::move(held)));
}
task<bool> stop_with_unstarted(links& seen) {
  const bool ended = co_await move_on_after(1s, never_awaits(seen, chain_of_holders(seen, ending::value)));
  co_return ended;
}

} // namespace

TEST_CASE("a chain of 100,000 nested awaits ends by its value, an error or a stop without growing the stack",
          "[scope]") {
  require_chain_ends(awaiting);
}

TEST_CASE("a chain of 100,000 tasks, each a parameter of the next, ends in each way without growing the stack",
          "[scope]") {
  require_chain_ends(awaiting_holders);
}

TEST_CASE("a chain of 100,000 unstarted tasks goes without growing the stack, and runs nothing", "[scope]") {
  links seen;
  { [[maybe_unused]] task<int> top = chain_of_holders(seen, ending::value); }
  CHECK(seen.made == 0);
}

TEST_CASE("a stop frees a chain of 100,000 unstarted tasks that a frame holds", "[scope]") {
  simulator sim;
  links seen;
  CHECK_FALSE(sim.run(stop_with_unstarted, std::ref(seen)).value());
  CHECK(seen.made == 1);
  CHECK(seen.gone_while_stopping == 1);
}

TEST_CASE("a million awaits that complete at once do not grow the stack", "[scope]") {
  struct loop {
    static task<long> run() {
      long sum = 0;
      for (int i = 0; i < many_awaits; ++i)
        sum += co_await number(1);
      co_return sum;
    }
  };
  simulator sim;
  CHECK(sim.run(loop::run).value() == many_awaits);
}

TEST_CASE("a million operations that are ready at once let others run in between", "[scope]") {
  struct loop {
    static task<> spin(bool& done) {
      for (int i = 0; i < many_awaits; ++i)
        co_await checkpoint();
      done = true;
    }
    static task<> watch(const bool& done, int& turns) {
      while (!done) {
        ++turns;
        co_await yield();
      }
    }
    static task<int> both() {
      bool done = false;
      int turns = 0;
      co_await in_task_group([&](task_group& group) {
        group.start(spin, std::ref(done));
        group.start(watch, std::cref(done), std::ref(turns));
      });
      co_return turns;
    }
  };
  simulator sim;
  CHECK(sim.run(loop::both).value() > 1'000);
}
