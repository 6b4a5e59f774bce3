// What happens in a tree of supervisors, in the words of people.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/supervision/exit_reason.hpp>

#include <cstdint>
#include <string_view>

namespace troupe {

struct child_spec;
struct supervisor_options;

/// What a `tree_event` tells.
enum class tree_event_kind : std::uint8_t {
  begun,      ///< A run of a child was begun.
  started,    ///< It has started: at once, or when it says so.
  ended,      ///< It has ended by itself: `reason`.
  restarting, ///< It will be started anew, after `wait`.
  stopping,   ///< It was asked to stop, and has `wait` for that.
  killed,     ///< It is stopped with the shields in it.
  stopped,    ///< It has ended after it was asked to: `reason`.
  abandoned,  ///< It has not, and its supervisor goes on without it.
  forgotten,  ///< It is no child any more.
  gave_up,    ///< A supervisor stops all, because of the failure of this child: `reason`. `path` is the supervisor's.
};

/// The kind's name, as in the enumeration.
std::string_view to_string(tree_event_kind kind) noexcept;

/// One event of a tree. An executor's sink gets them by `event_sink::on_tree_event`, those of one supervisor in their
/// order.
struct tree_event {
  instant time;
  tree_event_kind kind;
  std::string_view path;         ///< Of the child. Only valid during the call.
  std::uint64_t incarnation = 0; ///< Which of its runs.
  exit_reason reason = {};
  duration wait = {};
  bool in_order = false;        ///< It is stopped as one of several, which are one after the other, last first.
  std::uint64_t supervisor = 0; ///< Its number; 0 where nobody asks for details.
  std::uint64_t child = 0;      ///< Number of the fiber that runs the child.
  /// As they are now. Only valid during the call; null: not known.
  const child_spec* spec = nullptr;
  const supervisor_options* options = nullptr;
};

} // namespace troupe
