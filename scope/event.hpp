// What happened, as plain records: invariants, observers and traces all read these.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace troupe {

/// What an event tells. `object` and `cause` of the record depend on it, as listed.
enum class event_kind : std::uint8_t {
  fiber_started, ///< A fiber was given to the executor. object: its number; cause: its parent's; place: its group's.
  fiber_ended,   ///< object: its number; cause: 0 value, 1 error, 2 cancelled.
  start_refused, ///< A start on a closing group. object: the group's owner.
  wait_begun, ///< The fiber leaves its thread. object: what it waits for; cause: `wait_line`; place: its `wait_kind`.
  wait_granted, ///< The wait ended with what was waited for. object: as above; cause: who granted it, 0: a timer or outside.
  wait_stopped,     ///< The wait ended by a cancel. object: as above.
  wait_taken_back,  ///< The wait would never have ended: it is a cycle, and throws. object: as above.
  cancel_requested, ///< A scope was cancelled. object: the fiber that owns the scope; cause: the `cancel_reason`.
  slow_slice, ///< A fiber keeps its thread for too long. object: its number, 0: one that the watchdog cannot name.

  // Of the rest only a sink that asks for details hears. `place` of a scope: how many are around it in its fiber.
  commits_cancelled, ///< As `cancel_requested`, and it ends commit phases, too. object, place, cause as there.
  stop_taken,     ///< The fiber goes back to the scope that was cancelled. object: the fiber whose scope it is, place.
  scope_entered,  ///< place. object: its `scope_traits`.
  scope_left,     ///< place.
  limit_begun,    ///< The next one is a limit in so many nanoseconds from now. cause.
  deadline_set,   ///< Of the scope that was entered last. place. cause: nanoseconds on the clock. object: 1: others see
                  ///< to it.
  group_ended,    ///< All children of the group have. place. object: failures. cause: 1: the stop goes on outwards.
  mailbox_made,   ///< object: its number. cause: capacity. place: its `overflow`.
  mailbox_closed, ///< object.
  mailbox_opened, ///< It takes items again. object.
  mailbox_joined, ///< Somebody joins it, and need not wait. object.
  mailbox_gone,   ///< object. By its own count: cause: how many items it has settled; place: reserved slots.
  item_queued,    ///< object: the mailbox. cause: the item's index in the queue. place: 1: by a permit,
                  ///< 2: its sender had waited in line.
  item_handed, ///< An item went to a fiber that waits, past the queue. object: the mailbox. cause: that fiber. place: as above.
  items_claimed,  ///< The one reader took hold of the first ones. object, cause: index of the first. place: how many.
  items_put_back, ///< Of these, the last ones: they are the first of the queue again. object. place: how many.
  items_freed,    ///< Of these, the first ones have left their slots. object. place: how many.
  items_taken,    ///< Out of the queue. object. cause: index of the first, or `item_anywhere`. place: how many.
  items_settled,  ///< object: the mailbox. place: how many. cause: 0: handled, else one more than the `drop_reason`.
  item_kept,  ///< A crashed item will be given again. object: the mailbox. cause: for which time; place: of how many.
  item_given, ///< It was. object: the mailbox.
  slot_reserved,   ///< object: the mailbox. cause: the fiber that has waited for it, if one has.
  slot_returned,   ///< object: the mailbox.
  ask_sent,        ///< object: the ask's number. cause: the mailbox's.
  ask_begun,       ///< object: the ask.
  ask_answered,    ///< object: the ask. place: how. cause: why it failed.
  ask_ended,       ///< The asker has what came of it. object: the ask. place: 1: it was stopped.
  reply_gone,      ///< Nobody holds the right to answer it any more. object: the ask.
  finalizer_added, ///< Or moved to another stack. object: its number. cause: its stack's. place: 1: for a failure only.
  finalizer_begun, ///< object.
  finalizer_ended, ///< object. cause: 0: well, 1: an error, 2: cut short.
  finalizer_dropped,  ///< It need not run. object.
  stack_unwound,      ///< object: the exit stack. cause: 1: its block has failed. place: errors that are told of both.
  supervisor_closing, ///< It stops all of its children. object: its number.
  children_restarted, ///< All that were to be started anew together have been. object: their supervisor.
  child_retired,      ///< It will not be started anew by itself. object: its supervisor's number. cause: its fiber;
                      ///< place: the mailbox that it reads, if it is an actor.
  child_changed,      ///< How it is treated was. object, cause as there.
  child_drains,       ///< It is asked to stop when it has done what it was sent. object, cause as there.
  supervises,         ///< The fiber does. object: the supervisor's number.
  start_said,         ///< Somebody says that the child has started. object, cause as there. place: of which run.
  start_answered,     ///< Who has asked for the start hears of it. object, cause as there. place: `start_answer`.
  escalation_told, ///< object as there. place: how many failures it tells of; cause: nanoseconds on the clock of the first.
  stream_made,     ///< An end of a pipe in memory. object: its number; cause: that of the other end.
  stream_cut,      ///< Its reader will see an end that its writer has not made: a planned fault. object.
  stream_ended,   ///< Its reader is told that no more will come. object.
  stream_shut,    ///< Nothing more is written to it. object.
  stream_reset,   ///< Somebody is told that its connection is gone. object.
  stream_closed,  ///< object. cause: how many bytes are dropped with it.
  fault_injected, ///< A test harms the fiber. object: how.
};

/// In `wait_begun`: which line it is in, of several at one object.
constexpr std::uint64_t wait_line(std::string_view waits_to) noexcept {
  std::uint64_t hash = 14'695'981'039'346'656'037U; // FNV-1a
  for (const char each : waits_to)
    hash = (hash ^ static_cast<unsigned char>(each)) * 1'099'511'628'211U;
  return hash;
}

/// In `ask_answered`: it is the value that was asked for.
inline constexpr std::uint32_t answered_with_value = 1;

/// In `start_answered`: what is heard.
enum class start_answer : std::uint32_t { started, failed, failed_with_error };

/// In `items_taken`: not the first ones of the queue.
inline constexpr std::uint64_t item_anywhere = ~std::uint64_t{0};

/// What `scope_entered` tells of a scope, one bit each.
enum scope_traits : std::uint8_t {
  scope_of_group = 1,
  scope_with_deadline = 2,
  scope_that_moves_on = 4,
  scope_hides_cancels = 8, ///< A shield.
  scope_hides_all = 16,    ///< What cleans up.
  scope_of_run = 32,       ///< One run of a supervised child.
};

/// The kind's name, as in the enumeration.
std::string_view to_string(event_kind kind) noexcept;

/// One event. Numbers are given out by the executor in order of first use, so a run from a seed repeats them.
/// Of cancels there is the `place` as well, in any case.
struct event {
  instant time;
  event_kind kind;
  std::uint32_t place;
  std::uint64_t object;
  std::uint64_t subject; ///< Number of the fiber in which it happened, 0: outside of any.
  std::uint64_t cause;
};

struct tree_event; // of a layer above

/// Bytes that a stream has taken from its writer, or given to its reader: only of pipes in memory, for tests.
struct bytes_event {
  enum class way : std::uint8_t { written, read };

  std::uint64_t stream; ///< Number of the end at which that was.
  way how;
  std::span<const std::byte> bytes; ///< Only while it is told.
};

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
  /// The same for the bytes of streams, where it wants details. By default nobody wants to know.
  ///
  /// @thread any, several at once
  virtual void on_bytes(const bytes_event& happened) noexcept;
  /// False: it has no use for `on_event`, and fibers need not pay for a look at the clock at each wait. Asked once, when
  /// an executor is given it.
  virtual bool takes_fiber_events() const noexcept { return true; }
  /// True: it also wants what happens to scopes, items, asks and finalizers: for tests. Asked as above. Mailboxes tell
  /// of their items where they were made by a fiber of such an executor.
  virtual bool takes_details() const noexcept { return false; }
};

} // namespace troupe
