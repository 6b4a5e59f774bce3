// A lock for a few instructions: one exchange to take, one plain store to release.

#pragma once

#include <atomic>

namespace troupe::detail {

/// Lock whose holder never waits, never calls user code and takes no longer than a list walk (a queue that grows moves
/// its items once).
///
/// A `std::mutex` costs two locked instructions a pair, this one costs one, which is what a mailbox can afford per
/// item. The holder may be preempted, so a waiter gives its core away after a while.
class spinlock {
public:
  void lock() noexcept {
    // acquire: pairs with the store in unlock()
    if (held_.exchange(true, std::memory_order_acquire)) [[unlikely]]
      lock_contended();
  }

  // release: pairs with the exchange in lock()
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

private:
  void lock_contended() noexcept;

  std::atomic<bool> held_{false};
};

/// Tells the core that this is a spin loop.
void cpu_relax() noexcept;
/// The same, and now and then gives the core away: whoever is waited for may have lost its own.
void relax_or_yield() noexcept;

} // namespace troupe::detail
