// A clock that stands still until it is moved.

#pragma once

#include <troupe/scope/time_source.hpp>

namespace troupe {

/// Time source of the simulator: one thread, and time passes only when somebody says so. Begins at `instant{}`.
class virtual_clock final : public time_source {
public:
  instant now() const noexcept override { return now_; }
  void add(timer& added) override { pending_.add(added); }
  void remove(timer& removed) noexcept override { pending_.remove(removed); }

  /// The earliest pending timer's instant; `instant::max()` when there is none.
  instant next() const noexcept;
  bool has_timers() const noexcept { return pending_.first() != nullptr; }
  std::size_t timers() const noexcept { return pending_.size(); }

  /// Moves to the earliest timer's instant and fires that one timer.
  ///
  /// @pre has_timers()
  void fire_next() noexcept;
  /// Moves to `to` without firing anything. Never backwards.
  ///
  /// @pre to <= next()
  void move_to(instant to) noexcept;

private:
  timer_heap pending_;
  instant now_{};
};

} // namespace troupe
