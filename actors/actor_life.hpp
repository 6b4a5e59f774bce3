// What the addresses of an actor share with it, beside its mailbox: how it is stopped, and what asking it takes.

#pragma once

#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/time_source.hpp>

#include <atomic>
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

/// Counted: by the addresses, and by the actor while it lives. Small, because it stays while any address does.
class actor_life {
public:
  explicit actor_life(const ask_limits& limits) noexcept : limits_(limits) {}
  actor_life(const actor_life&) = delete;
  actor_life& operator=(const actor_life&) = delete;

  void keep() noexcept { references_.fetch_add(1, std::memory_order_relaxed); } // relaxed: the caller holds one
  void drop() noexcept {
    // acq_rel: the last one sees all that the others wrote before it destroys
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

  const ask_limits& limits() const noexcept { return limits_; }
  /// Cancels the actor's scope, now or when it begins.
  ///
  /// @thread any
  void stop() noexcept;
  /// The actor begins, in this scope.
  void begin(cancel_scope& scope) noexcept;
  /// It has ended, and no stop reaches its scope from here on.
  void end() noexcept;

private:
  ~actor_life() = default;

  const ask_limits limits_;
  std::atomic<int> references_{1};
  spinlock lock_; // taken before a fiber's
  bool stopped_ = false;
  cancel_scope* scope_ = nullptr; // while it lives
};

class actor_life_pointer {
public:
  /// Takes over one count.
  static actor_life_pointer owning(actor_life* life) noexcept {
    actor_life_pointer made;
    made.life_ = life;
    return made;
  }
  actor_life_pointer(const actor_life_pointer& other) noexcept : life_(other.life_) {
    if (life_ != nullptr)
      life_->keep();
  }
  actor_life_pointer(actor_life_pointer&& other) noexcept : life_(std::exchange(other.life_, nullptr)) {}
  actor_life_pointer& operator=(actor_life_pointer other) noexcept {
    std::swap(life_, other.life_);
    return *this;
  }
  ~actor_life_pointer() {
    if (life_ != nullptr)
      life_->drop();
  }

  actor_life* operator->() const noexcept { return life_; }

private:
  actor_life_pointer() = default;

  actor_life* life_ = nullptr;
};

/// Runs the function of an actor in a scope that `actor_life::stop` cancels.
task<> live(actor_life_pointer life, task<> work);

} // namespace detail

} // namespace troupe
