// What the addresses of an actor share with it, beside its mailbox: how it is stopped, and what asking it takes.

#pragma once

#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/time_source.hpp>

#include <chrono>

namespace troupe {

/// Limits of the asks of one actor.
struct ask_limits {
  /// How long an ask may take where no deadline is around it. (Erlang's `gen_server:call` has the same.)
  duration ask = std::chrono::seconds{5};
  /// How long an asker that is stopped, or whose time is up, waits for the fate of what was begun.
  duration fate = std::chrono::seconds{1};
};

namespace detail {

/// Counted: by the addresses, and by the actor while it lives. Small, because it stays while any address does.
class actor_life : public counted_object<actor_life> {
public:
  explicit actor_life(const ask_limits& limits) noexcept : limits_(limits) {}

  const ask_limits& limits() const noexcept { return limits_; }
  /// Cancels the actor's scope, now or when it begins.
  ///
  /// @thread any
  void stop() noexcept;
  /// @thread any
  bool is_stopped() noexcept;
  /// The actor begins, in this scope.
  void begin(cancel_scope& scope) noexcept;
  /// It has ended, and no stop reaches its scope from here on.
  void end() noexcept;
  /// It may begin again after a stop.
  void revive() noexcept;

private:
  friend class counted_object<actor_life>;
  ~actor_life() = default;

  const ask_limits limits_;
  spinlock lock_; // taken before a fiber's
  bool stopped_ = false;
  cancel_scope* scope_ = nullptr; // while it lives
};

using actor_life_pointer = counted_pointer<actor_life>;

/// Runs the function of an actor in a scope that `actor_life::stop` cancels.
task<> live(actor_life_pointer life, task<> work);

} // namespace detail

} // namespace troupe
