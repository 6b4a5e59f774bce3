// What the addresses of an actor share with it, beside its mailbox: how it is stopped, what asking it takes, and what
// has become of it.

#pragma once

#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/outcome.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/time_source.hpp>
#include <troupe/scope/wait_list.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace troupe {

/// Limits of the asks of one actor.
struct ask_limits {
  /// How long an ask may take where no deadline is around it. (Erlang's `gen_server:call` has the same.)
  duration ask = std::chrono::seconds{5};
  /// How long an asker that is stopped, or whose time is up, waits for the fate of what was begun.
  duration fate = std::chrono::seconds{1};
};

namespace detail {

class mailbox_hold;

/// Is told when an actor has ended for good: not between the runs of one that is started anew. For who is no fiber.
///
/// Counted: by whoever made it, and by the actor's life until it was told.
class life_watcher : public counted_object<life_watcher> {
public:
  /// Called once, without a lock, by whoever ended the actor.
  virtual void life_is_over(const outcome<>& how) noexcept = 0;

protected:
  friend class counted_object<life_watcher>;
  virtual ~life_watcher() = default;

private:
  friend class actor_life;

  life_watcher* next_ = nullptr; // guarded by the lock of the life that it watches
};

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
  /// The actor begins, in this scope: for the first time, or anew.
  void begin(cancel_scope& scope) noexcept;
  /// Its run has ended, and no stop reaches its scope from here on.
  void end(const outcome<>& how) noexcept;
  /// It does not begin again by itself. A second call does nothing.
  void tell_down() noexcept;
  /// Nobody waits for the end of its run any more.
  ///
  /// @thread any
  void tell_abandoned() noexcept;
  /// It may begin again after a stop.
  void revive() noexcept;

  /// False: it is down, and the watcher hears nothing.
  ///
  /// @thread any
  [[nodiscard]] bool watch(life_watcher& watcher) noexcept;
  /// The watcher hears nothing any more, unless it is being told right now.
  ///
  /// @thread any
  void unwatch(life_watcher& watcher) noexcept;

  /// @name For who watches it, under the lock but for `seen_now`
  ///@{
  /// What somebody knows of it.
  struct seen {
    std::uint64_t incarnation = 0;
    bool down = false;
  };
  seen seen_now() noexcept;
  spinlock& lock() noexcept { return lock_; }
  wait_list& watching() noexcept { return watching_; }
  bool changed(const seen& since) const noexcept {
    return down_ ? !since.down : since.down || incarnation_ > since.incarnation;
  }
  /// What there is to know now; then it is known.
  seen look(seen& known) noexcept { return known = {incarnation_, down_}; }
  const outcome<>& ended() const noexcept { return ended_; }
  ///@}

private:
  friend class counted_object<actor_life>;
  ~actor_life() = default;

  void wake_watching(wakeups& woken) noexcept;

  const ask_limits limits_;
  spinlock lock_; // taken before a fiber's
  bool stopped_ = false;
  bool down_ = false;
  cancel_scope* scope_ = nullptr; // while it lives
  std::uint64_t incarnation_ = 0;
  outcome<> ended_{cancel_cause{cancel_reason::scope_closed}}; // how its last run has: none has begun
  wait_list watching_;
  life_watcher* watchers_ = nullptr; // in no order; a count each
};

using actor_life_pointer = counted_pointer<actor_life>;

/// What the fiber of an actor of a task group has of it: when this goes it is down, also when it never began.
class living {
public:
  explicit living(actor_life_pointer life) noexcept : life_(std::move(life)) {}
  living(living&&) noexcept = default;
  living& operator=(living&&) = delete;
  ~living() {
    if (life_)
      life_->tell_down();
  }
  actor_life* operator->() const noexcept { return &*life_; }

private:
  actor_life_pointer life_;
};

/// Runs the function of an actor in a scope that `actor_life::stop` cancels, and by which snapshots find its mailbox.
task<> live(living life, mailbox_hold reads, task<> work);

} // namespace detail

} // namespace troupe
