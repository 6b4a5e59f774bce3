// What happened, as plain records: invariants, observers and traces all read these.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <cstdint>
#include <string_view>

namespace troupe {

/// What an event tells. `object` and `cause` of the record depend on it, as listed.
enum class event_kind : std::uint8_t {
  fiber_started, ///< A fiber was given to the executor. object: its number; cause: its parent's.
  fiber_ended,   ///< object: its number; cause: 0 value, 1 error, 2 cancelled.
  start_refused, ///< A start on a closing group. object: the group's owner.
  wait_begun,    ///< The fiber leaves its thread. object: what it waits for.
  wait_granted, ///< The wait ended with what was waited for. object: as above; cause: who granted it, 0: a timer or outside.
  wait_stopped,     ///< The wait ended by a cancel. object: as above.
  cancel_requested, ///< A scope was cancelled. object: the fiber that owns the scope; cause: the `cancel_reason`.
  slow_slice, ///< A fiber keeps its thread for too long. object: its number, 0: one that the watchdog cannot name.
};

/// The kind's name, as in the enumeration.
std::string_view to_string(event_kind kind) noexcept;

/// One event. Numbers are given out by the executor in order of first use, so a run from a seed repeats them.
struct event {
  instant time;
  event_kind kind;
  std::uint64_t object;
  std::uint64_t subject; ///< Number of the fiber in which it happened, 0: outside of any.
  std::uint64_t cause;
};

struct tree_event; // of a layer above

/// Receives every event of an executor, in the order in which each thread makes them.
class event_sink {
public:
  virtual ~event_sink() = default;

  /// Takes one event. Must not wait and must not call back into fibers.
  ///
  /// @thread any, several at once
  virtual void on_event(const event& happened) noexcept = 0;
  /// The same for what happens to the children of supervisors: <troupe/supervision/tree_event.hpp>. By default nobody
  /// wants to know.
  ///
  /// @thread any, several at once
  virtual void on_tree_event(const tree_event& happened) noexcept;
  /// False: it has no use for `on_event`, and fibers need not pay for a look at the clock at each wait. Asked once, when
  /// an executor is given it.
  virtual bool takes_fiber_events() const noexcept { return true; }
};

} // namespace troupe
