// Who wants to know what becomes of an actor.

#pragma once

#include <troupe/actors/actor_life.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/outcome.hpp>
#include <troupe/scope/wait_list.hpp>

#include <coroutine>
#include <cstdint>
#include <utility>

namespace troupe {

/// What has become of an actor.
struct actor_change {
  enum class kind : std::uint8_t {
    restarted, ///< Its supervisor has started it anew.
    down,      ///< It has ended, and is not started anew unless somebody asks for it; or it was abandoned.
  };

  kind what = kind::restarted;
  std::uint64_t incarnation = 0; ///< Which run has begun, or was the last: from 1; 0: none has.
  outcome<> ended;               ///< How the run before, or the last one, has ended.
};

/// Tells one fiber what becomes of an actor, from when it was made on. It keeps the actor's life, not its mailbox: an
/// actor may end because its last address has gone. (Erlang's `monitor`, which a restart in place does not end.)
///
/// Changes do not queue: of several since the last look the newest is told, and its number says how many there were.
///
/// @thread one fiber at a time
class actor_monitor {
public:
  class change_operation;

  /// Waits for the next change; where the actor was down already when this was made, that is the first.
  ///
  /// @suspends until then; it is idle by nature, so no deadlock when nothing else can run
  /// @cancel   nothing is missed
  change_operation next() noexcept;

private:
  template <class Message>
  friend class actor_ref;

  explicit actor_monitor(detail::actor_life_pointer life) noexcept;

  detail::actor_life_pointer life_;
  detail::actor_life::seen seen_;
};

class [[nodiscard]] actor_monitor::change_operation : detail::wait_node {
public:
  explicit change_operation(actor_monitor& of) noexcept : of_(of) {}
  ~change_operation();

  void attach(fiber& self) noexcept { waiting = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>);
  actor_change await_resume() noexcept;

private:
  actor_monitor& of_;
};

inline actor_monitor::change_operation actor_monitor::next() noexcept { return change_operation{*this}; }

} // namespace troupe
