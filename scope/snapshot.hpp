// A running tree at a moment, as plain data.

#pragma once

#include <troupe/scope/coarse_time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class fiber;

/// What a fiber is to others.
enum class node_kind : std::uint8_t {
  fiber,
  group,      ///< It has a task group open.
  supervisor, ///< It is in the block of a supervisor.
  caretaker,  ///< It looks after the children of the supervisor above it.
  actor,      ///< It serves a mailbox.
};

/// What a fiber does.
enum class node_activity : std::uint8_t {
  runs,  ///< It is on a thread.
  ready, ///< It could go on, or begin.
  waits,
};

/// The names of both, as in the enumerations.
std::string_view to_string(node_kind kind) noexcept;
std::string_view to_string(node_activity activity) noexcept;

/// A mailbox, as its reader shows it.
struct mailbox_seen {
  std::uint32_t number = 0; ///< As in events; 0: nobody has waited for it yet.
  std::size_t depth = 0;    ///< Items that nobody has taken.
  std::size_t capacity = 0;
  bool closed = false;
};

/// A wait.
struct wait_seen {
  std::string_view to;           ///< "receive", "ask", "join its children".
  std::uint64_t object = 0;      ///< What it waits for, by its number in events; 0: it has none.
  std::optional<std::size_t> on; ///< Index of whoever this is, reads it, or whose children hold it; empty: not known.
  bool shielded = false;         ///< No cancel ends it.
  bool idle = false;             ///< Idle by nature: that of a server.
  std::optional<duration> lasts;
};

/// What a fiber has taken out of its mailbox and not let go of.
struct message_seen {
  std::string type; ///< Which kind of message, as C++ spells it.
  std::optional<duration> held;
};

/// One fiber. Everything of it was true at some moment of the snapshot, not all of it at the same.
struct tree_node {
  std::size_t parent = 0; ///< Index of the fiber in whose group it is; that of the top is its own.
  std::string name;       ///< Its part of the path; empty at the top.
  std::uint64_t number = 0;
  node_kind kind = node_kind::fiber;
  node_activity activity = node_activity::ready;
  bool stopping = false;  ///< Its next wait will end.
  std::string_view state; ///< Of the child of a supervisor: its `child_status`, or "ended": down, and well; else empty.
  std::uint64_t incarnation = 0; ///< As well: which of its runs; 0: none yet.
  std::optional<mailbox_seen> mailbox;
  std::optional<message_seen> in_hand;
  std::optional<wait_seen> wait; ///< Where it waits.
  std::size_t groups_around = 0; ///< How many groups of its parent are open around the one that it is in.

  std::uint64_t restarts() const noexcept { return incarnation > 1 ? incarnation - 1 : 0; }
};

/// A tree, parents before their children, and these in the order of their start.
struct tree_snapshot {
  std::vector<tree_node> nodes;
  std::size_t omitted = 0;             ///< Fibers beyond the limit.
  std::size_t abandoned_children = 0;  ///< Which are in no tree any more.
  std::size_t abandoned_functions = 0; ///< By `offload_abandon`.

  /// "/", "/app/reader".
  ///
  /// @pre index < nodes.size()
  std::string path(std::size_t index) const;
};

/// Fibers of which a snapshot keeps more than that they are there.
inline constexpr std::size_t snapshot_nodes_max = 10'000;

/// Looks at `top` and all below it. Stops nobody, and needs no help of those who hang: it reads what each fiber has
/// written before, under the locks that hold the tree in place. What starts, ends or enters a scope beside it may wait
/// for it, for tens of nanoseconds a fiber.
///
/// A wait, and a message in hand, are dated by the clock as it was read last on the fiber's thread: some 50 µs before, or
/// longer where a fiber has kept the thread since; under a runtime's watchdog no longer than a quarter of `slow_slice`.
///
/// @pre    `top` stays until this returns
/// @thread any, but not in an `event_sink`
tree_snapshot take_snapshot(fiber& top, std::size_t nodes_max = snapshot_nodes_max);

} // namespace troupe
