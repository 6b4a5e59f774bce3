// Plain CAF actors in a simulated run. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/scope/task.hpp>

#include <caf/actor_system.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

/// `body` outlives it.
task<> live_with_simulated_caf(std::function<task<>(caf::actor_system&)> body);

} // namespace detail

/// Runs `body(system)` with an actor system of its own, whose scheduler and clock are the simulator's: for a scenario of
/// `explore`, and for any other fiber of a simulator.
///
/// *Steps.* An actor of CAF's that is ready is one more choice of what comes next; it handles one message in a step.
/// CAF's clock is virtual: a request timeout or a delayed message is a timer of the simulator, and its delivery, as by
/// CAF's clock in production, a step that others may come before. `as_caf_actor`, `start_caf_child` and `bounded` work as
/// in production.
///
/// *End.* When `body` has returned it waits, as `~actor_system` does, until all actors have ended that are not hidden.
/// Where that will never be, because they wait for each other or nobody told them to end, the run is a deadlock, whose
/// report names them. Where `body` throws or is stopped, all actors are killed, none of which can keep that off. What is
/// said by `caf::aout`, such as CAF's lines on exceptions that nobody handles, is dropped. Nothing of CAF's that came
/// from the system may be kept longer than this.
///
/// *Threads* of CAF's are not simulated: a detached or blocking actor, and the middleman, end the program with a sentence
/// that says so. A `caf::scoped_actor` may send, but where it waits, it waits for ever.
///
/// @suspends until all have ended
/// @cancel   kills all actors
/// @throws   what `body` throws
/// @thread   a fiber's, in a simulator
template <class Body>
requires std::is_invocable_r_v<task<>, Body&, caf::actor_system&> task<> in_caf_simulation(Body body) {
  // By reference: no compiler has to move a closure with captures.
  co_await detail::live_with_simulated_caf(std::ref(body));
}

} // namespace troupe
