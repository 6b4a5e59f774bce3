// Time as an interface: the steady clock in production, a virtual one in the simulator.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe {

namespace detail {
class wakeups;
}

/// A point on the monotonic clock of a time source.
using instant = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// `from + wait`, or the clock's last instant where that would overflow; a negative `wait` gives an instant in the
/// past.
constexpr instant saturated(instant from, duration wait) noexcept {
  if (wait > duration::zero() && from > instant::max() - wait)
    return instant::max();
  if (wait < duration::zero() && from < instant::min() - wait)
    return instant::min();
  return from + wait;
}

/// The nanoseconds of any duration, clipped to what `duration` can hold.
template <class Rep, class Period>
constexpr duration clipped(std::chrono::duration<Rep, Period> wait) noexcept {
  using wide = std::chrono::duration<long double, duration::period>;
  const wide exact = wait;
  if (exact >= wide{duration::max()})
    return duration::max();
  // Half of the range, so that adding it to an instant cannot overflow downward. Written so that NaN ends here.
  if (!(exact > wide{duration::min() / 2}))
    return duration::min() / 2;
  // Not from `wait`: there the cast may overflow on its way, or round up to one more than max.
  return duration{static_cast<duration::rep>(exact.count())};
}

/// One pending call at an instant. Lives in the frame that waits; its owner removes it before it goes.
class timer {
public:
  /// Called once when the instant has come, under the time source's lock: it may wake fibers and cancel scopes, and
  /// must neither add nor remove timers. The fibers that it adds to the wake-ups are scheduled after it, together with
  /// those of other timers that are due.
  using callback = void (*)(timer&, detail::wakeups&) noexcept;

  timer(instant when, callback on_time) noexcept : when_(when), fire_(on_time) {}
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  instant when() const noexcept { return when_; }
  void fire(detail::wakeups& woken) noexcept {
    fire_(*this, woken);
    fired_.store(true, std::memory_order_release); // last: from here on its owner may let it go without asking
  }
  /// True once its call has returned: it is in no time source any more.
  ///
  /// @thread the owner's
  bool has_fired() const noexcept {
    return fired_.load(std::memory_order_acquire); // acquire: pairs with the release in fire()
  }

protected:
  /// @pre not pending
  void set_when(instant when) noexcept { when_ = when; }

private:
  friend class timer_heap;

  instant when_;
  callback fire_;
  std::uint32_t place_ = 0; // in the heap, from 1; 0: not in it
  std::atomic<bool> fired_{false};
};

/// Pending timers by (instant, order of adding). Not synchronised.
///
/// Four children to a node, and the keys in the heap itself: with a million timers each level is a cache miss. A
/// pending timer takes 24 bytes here, and 24 of its own.
class timer_heap {
public:
  void add(timer& added);
  /// Takes `removed` out; false if it was not in the heap (it has fired, or was never added).
  bool remove(timer& removed) noexcept;
  /// The earliest timer, null when there is none.
  timer* first() const noexcept { return heap_.empty() ? nullptr : heap_.front().what; }
  std::size_t size() const noexcept { return heap_.size(); }

private:
  static constexpr std::size_t children = 4;
  struct node {
    instant when;
    unsigned long long order;
    timer* what;
  };

  static bool before(const node& a, const node& b) noexcept {
    return a.when != b.when ? a.when < b.when : a.order < b.order;
  }
  void put(std::size_t at, const node& moved) noexcept;
  void rise(std::size_t at) noexcept;
  void sink(std::size_t at) noexcept;

  std::vector<node> heap_;
  unsigned long long added_ = 0;
};

/// A clock and its timers.
class time_source {
public:
  virtual ~time_source() = default;

  /// @thread any
  virtual instant now() const noexcept = 0;
  /// Fires it once `added.when()` has come. An instant in the past fires soon, never inside this call.
  ///
  /// @thread any
  virtual void add(timer& added) = 0;
  /// After this call the timer neither fires nor is firing.
  ///
  /// @thread any, but not from a timer's callback
  virtual void remove(timer& removed) noexcept = 0;
};

} // namespace troupe
