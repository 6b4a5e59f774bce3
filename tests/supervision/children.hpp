// Functions that are started as children of supervisors.

#pragma once

#include <tests/scope/waits.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::tests {

/// Runs `body(supervisor&)` under a supervisor, in a simulation: in any order where nothing else is said.
template <class Body>
outcome<> supervised_by(const supervisor_options& options, Body body, simulation_options how = in_any_order()) {
  simulator simulated{std::move(how)};
  return simulated.run([&]() -> task<> { co_await supervise(options, body); });
}

/// The same, for what does not fail: when the supervisor's block was left.
template <class Body>
instant left_at(const supervisor_options& options, Body body) {
  simulator simulated{in_any_order()};
  instant at{};
  outcome<> ended = simulated.run([&]() -> task<> {
    co_await supervise(options, body);
    at = now();
  });
  ended.value();
  return at;
}

inline task<> serving() { co_await serve_for_ever(); }

inline task<> failing_after(duration wait) {
  co_await sleep_for(wait);
  throw std::runtime_error("it fails");
}

/// Writes "+name " when it begins and "-name " when it has ended, `takes` after it was asked to.
inline task<> slow_to_stop(std::string& log, std::string name, duration takes) {
  log += "+" + name + " ";
  co_await in_exit_stack([&](exit_stack& stack) -> task<> {
    stack.push(
        exit_options{.limit = std::chrono::hours{1}},
        [](std::string& to, std::string as, duration after) -> task<> {
          co_await sleep_for(after);
          to += "-" + as + " ";
        },
        std::ref(log), name, takes);
    co_await serve_for_ever();
  });
}

/// Serves in a shield, so that only a kill ends it.
inline task<> in_a_shield(std::string& log, duration limit) {
  const outcome<> ended = co_await as_outcome(shield(limit, serving()));
  if (ended.has_error())
    log += "in doubt ";
}

/// Fails after a while in its first run; in the others it is like `slow_to_stop`.
inline task<> fails_once(std::string& log, duration wait) {
  if (log.find("!b") != std::string::npos) {
    co_await slow_to_stop(log, "b", wait);
    co_return;
  }
  log += "+b ";
  co_await sleep_for(wait);
  log += "!b ";
  throw std::runtime_error("it fails");
}

} // namespace troupe::tests
