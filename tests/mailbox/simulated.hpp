// Runs of a test in the simulator: one, many by seed, and with a cancel at every step.

#pragma once

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/mailbox/statistics.hpp>
#include <troupe/simulation/simulator.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace troupe::tests {

/// Runs a coroutine as a root in the simulator, in any order where nothing else is said, and hands on what it throws.
template <class Function>
void simulate(Function&& function, simulation_options options = in_any_order()) {
  simulator world{std::move(options)};
  world.run(std::forward<Function>(function)).value();
}

/// One run of a scenario.
struct simulated_run {
  std::uint64_t seed;
  clock_mode clock;
  std::size_t capacity;

  simulation_options options() const {
    simulation_options made;
    made.seed = seed;
    made.clock = clock;
    made.steps_max = 1'000'000;
    return made;
  }
  std::string describe() const {
    return "seed " + std::to_string(seed) + ", capacity " + std::to_string(capacity) +
           (clock == clock_mode::race ? ", racing clock" : ", jumping clock");
  }
};

/// Calls `scenario(run)` for each seed, at capacity 1 and 100, with the jumping and the racing clock. It returns what
/// went wrong, empty when nothing did.
template <class Scenario>
void explore(std::size_t seeds_wanted, Scenario scenario) {
  int failures = 0;
  for (std::uint64_t seed = 0; seed < seeds(seeds_wanted); ++seed)
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{100}})
      for (const clock_mode clock : {clock_mode::autojump, clock_mode::race}) {
        const simulated_run run{seed, clock, capacity};
        std::string problems;
        try {
          problems = scenario(run);
        } catch (const std::exception& thrown) {
          problems = thrown.what();
        }
        if (problems.empty())
          continue;
        FAIL_CHECK(run.describe() << ":\n" << problems);
        if (++failures == 3)
          return;
      }
  CHECK(failures == 0);
}

/// Watches the books of a mailbox at every step.
class step_invariants {
public:
  /// Looks at `now`; `problems` says what did not hold.
  void look(const mailbox_statistics& now) {
    require(now.depth + now.reserved <= now.capacity, "more slots are used than there are");
    require(now.depth_max <= now.capacity && now.depth <= now.depth_max,
            "depth, depth_max and capacity are not in order");
    require(now.sent == now.settled + now.depth + now.in_hand, "sent is not settled + depth + in hand");
    require(now.sent >= last_.sent && now.settled >= last_.settled, "a count went back");
    std::uint64_t dropped = now.returned;
    for (std::size_t i = 0; i < drop_reasons; ++i)
      if (was_in_the_mailbox(static_cast<drop_reason>(i)))
        dropped += now.dropped[i];
    require(now.handled + dropped == now.settled && now.handled <= now.settled,
            "settled is not the sum of its reasons");
    require(now.receivers_waiting == 0 || now.depth == 0, "receivers wait although there are items");
    require(now.senders_waiting == 0 || now.depth + now.reserved == now.capacity,
            "senders wait although there is room");
    require(now.senders_waiting == 0 || !now.closed, "senders wait for a closed mailbox");
    require(now.closed || !last_.closed, "a closed mailbox has opened");
    last_ = now;
  }
  const std::string& problems() const noexcept { return problems_; }

private:
  void require(bool holds, const char* otherwise) {
    if (!holds && problems_.size() < 1'000)
      problems_ += std::string(otherwise) + '\n';
  }

  mailbox_statistics last_;
  std::string problems_;
};

} // namespace troupe::tests
