// What the addresses of an actor share with it, beside its mailbox: how it is stopped, and what asking it takes.

#pragma once

#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/outcome.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/time_source.hpp>

#include <chrono>
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

/// Is told when an actor has ended for good: not between the runs of one that is started anew.
///
/// Counted: by whoever made it, and by the actor's life until it was told.
class life_watcher : public counted_object<life_watcher> {
public:
  /// Called once, on the fiber that ran the actor, without a lock.
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
  /// The actor begins, in this scope.
  void begin(cancel_scope& scope) noexcept;
  /// It has ended, and no stop reaches its scope from here on.
  void end() noexcept;
  /// It may begin again after it was stopped, or was over.
  void revive() noexcept;

  /// It has ended for good: tells who watches. A second call does nothing.
  void over(const outcome<>& how) noexcept;
  /// False: it is over, and the watcher hears nothing.
  ///
  /// @thread any
  [[nodiscard]] bool watch(life_watcher& watcher) noexcept;
  /// The watcher hears nothing any more, unless it is being told right now.
  ///
  /// @thread any
  void unwatch(life_watcher& watcher) noexcept;

private:
  friend class counted_object<actor_life>;
  ~actor_life() = default;

  const ask_limits limits_;
  spinlock lock_; // taken before a fiber's
  bool stopped_ = false;
  bool over_ = false;
  cancel_scope* scope_ = nullptr;    // while it lives
  life_watcher* watchers_ = nullptr; // in no order; a count each
};

using actor_life_pointer = counted_pointer<actor_life>;

/// The life of an actor that runs once: over at the latest when this goes, so also where its function was never called.
class only_life {
public:
  explicit only_life(actor_life_pointer life) noexcept : life_(std::move(life)) {}
  only_life(only_life&&) noexcept = default;
  ~only_life();

  actor_life& operator*() const noexcept { return *life_; }
  actor_life* operator->() const noexcept { return &*life_; }

private:
  actor_life_pointer life_;
};

/// Runs the function of an actor in a scope that `actor_life::stop` cancels.
task<> live(only_life life, task<> work);

} // namespace detail

} // namespace troupe
