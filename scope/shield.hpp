// Commit phases: what was begun is carried through, and its result is delivered, whoever asks it to stop meanwhile.

#pragma once

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>

#include <stdexcept>

namespace troupe {

/// The error of a phase that was stopped after it had begun: what it was to do may be done, undone or half done.
class in_doubt : public std::runtime_error {
public:
  in_doubt() : std::runtime_error("in doubt: the limit of a shield passed before the phase in it had ended") {}
};

namespace detail {

template <class T>
task<T> shielded(time_limit limit, task<T> phase) {
  fiber& self = co_await current_fiber{};
  co_await checkpoint();
  const instant now = self.runs_on().time().now();
  const instant at = limit.from(now);
  if (at <= now)
    throw deadline_exceeded{}; // nothing has begun, so nothing is in doubt
  tell_limit(self, limit);
  const deadline_scope entered{self, at, cancel_scope::shielding::commit};
  outcome<T> ended = co_await catch_stop(std::move(phase));
  if (ended.cancelled())
    throw in_doubt{};
  co_return std::move(ended).value();
}

} // namespace detail

/// Runs `phase` where no cancel from outside reaches it, for at most `limit`. The caller stays in it until it has
/// ended, and gets its result or its error. A cancel that came meanwhile, however often, is taken at the next wait
/// after that.
///
/// Fibers that are started in the phase are in it too. What the phase itself cancels, or limits in time, is stopped as
/// anywhere. A shield in a shield keeps to the limits of both: once the outer one has passed, both phases are stopped.
///
/// A limit of zero or less starts nothing, and a pending cancel does not either: entering is a checkpoint.
/// (`asyncio.shield` leaves its caller, so that what it protects is orphaned; this is a region that one stays in, as
/// `Task.withCancellationShield` of Swift and `CancelScope(shield=True)` of Trio are. The limit is ours.)
///
/// @suspends as `phase` does; after the limit until its frames are gone
/// @cancel   a checkpoint at its entry: the phase is not begun. After that the cancel waits
/// @returns  the result
/// @throws   what `phase` throws; `in_doubt` when the limit has passed before the phase had ended;
///           `deadline_exceeded` for a limit of zero or less
template <class Rep, class Period, class T>
task<T> shield(std::chrono::duration<Rep, Period> limit, task<T> phase) {
  return detail::shielded(detail::time_limit::in(clipped(limit)), std::move(phase));
}

} // namespace troupe
