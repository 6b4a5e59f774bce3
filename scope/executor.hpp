// Where fibers run, as an interface: carriers on CAF's workers, a plain thread pool, or the simulator.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/scope/services.hpp>
#include <troupe/scope/time_source.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe {

class fiber;

namespace detail {
class delivery;
class offload_queue;
class polling;
} // namespace detail

/// How many functions `offload` runs at once, at most, where nothing else was said. They wait more than they compute,
/// so this has nothing to do with the number of cores.
inline constexpr std::size_t offload_threads_max_default = 8;

/// Runs ready fibers, each on one thread at a time, and owns the clock they wait on.
///
/// An executor only ever calls `fiber::run()` from a loop of its own: nothing is resumed inside of whoever wakes it.
class executor {
public:
  explicit executor(time_source& time, event_sink* sink = nullptr) noexcept
      : time_(time), sink_(sink), fiber_sink_(sink != nullptr && sink->takes_fiber_events() ? sink : nullptr),
        tells_details_(fiber_sink_ != nullptr && sink->takes_details()) {}
  executor(const executor&) = delete;
  executor& operator=(const executor&) = delete;
  virtual ~executor() = default;

  /// Takes a fiber that was started or woken. It may already run on another thread when this returns.
  ///
  /// @thread any
  virtual void schedule(fiber& ready) noexcept = 0;

  /// Takes fibers that were woken together: the first of a list through `next_in_queue`, which holds two or more. They
  /// may already run when this returns. By default it takes one after the other.
  ///
  /// @thread any
  virtual void schedule_all(fiber& first, fiber& last, std::uint32_t count) noexcept;

  /// Takes a fiber that used up its slice: it runs after all that are ready now.
  ///
  /// @thread the one that runs the fiber
  virtual void schedule_last(fiber& ready) noexcept = 0;

  /// How many operations a fiber may do before others get their turn, ready ones included.
  virtual int operations_per_slice() noexcept { return 256; }

  /// Somebody runs through a `fault_point`. What it throws is thrown there.
  ///
  /// @thread the one that runs the fiber
  virtual void reach_fault_point(std::string_view) {}

  /// A send finds room in a mailbox that would drop something if there were none. True: a test wants it to find none.
  ///
  /// @thread the one that runs the fiber
  virtual bool pretends_full() noexcept { return false; }

  /// A stream in memory, of that number, could move so many bytes at once. A test may want fewer, at least one.
  ///
  /// @thread the one that runs the fiber, or lets what was sent arrive
  virtual std::size_t moves_at_once(std::size_t most, std::uint64_t) noexcept { return most; }

  /// A stream in memory has sent something. True: it arrives in a step of its own, which a test places among others; and
  /// so does what is sent until then. False: it is there at once.
  ///
  /// @thread the one that runs the fiber, or has let something arrive
  virtual bool delays(detail::delivery&) noexcept { return false; }
  /// What was sent does not arrive any more: its stream is gone.
  ///
  /// @thread any that may call `delays`
  virtual void forget(detail::delivery&) noexcept {}

  /// A stream in memory is about to be used. True: a test wants its connection to be gone.
  ///
  /// @thread the one that runs the fiber
  virtual bool loses_connection() noexcept { return false; }

  /// What asks sockets whether they are ready; null: fibers here may not use sockets.
  ///
  /// @thread any
  virtual detail::polling* polls() noexcept { return nullptr; }

  /// Where `offload` puts blocking work; null: there is no place for it here.
  ///
  /// @thread any
  virtual detail::offload_queue* offloads() noexcept { return nullptr; }

  /// What was abandoned and has not ended: functions that were left behind by `offload_abandon`, each of which keeps a
  /// thread, and children of supervisors.
  ///
  /// @thread any
  std::size_t abandoned() noexcept;

  /// Of these, the fibers: children of supervisors.
  ///
  /// @thread any
  std::size_t abandoned_fibers() const noexcept {
    return disowned_.load(std::memory_order_acquire); // acquire: pairs with the release in note_disowned()
  }
  /// Blocks until there are none. While its clock runs.
  ///
  /// @thread outside of its fibers
  void wait_for_abandoned_fibers() const noexcept;
  /// A fiber has lost its owner, or has ended without one.
  void note_disowned(int more) noexcept {
    disowned_.fetch_add(static_cast<std::size_t>(more), std::memory_order_release); // pairs with abandoned_fibers()
    disowned_.notify_all();
  }

  /// What a layer above keeps for this executor: the one `T`, made as `T(executor&)` when it is first asked for, and
  /// destroyed with the executor, last first.
  ///
  /// @throws what the constructor throws; then nothing is kept
  /// @thread any
  template <class T>
  T& service() {
    return services_.get<T>(*this);
  }

  time_source& time() const noexcept { return time_; }
  /// The clock by which fibers note when they began to wait. By default `time()`.
  ///
  /// @thread any
  virtual instant noted_clock() const noexcept { return time_.now(); }
  /// Who is told of what happens in the tree; null: nobody.
  event_sink* sink() const noexcept { return sink_; }
  /// False: nobody is told of what happens to fibers, and `emit` does nothing.
  bool tells_of_fibers() const noexcept { return fiber_sink_ != nullptr; }
  /// Whether somebody wants the details.
  bool tells_details() const noexcept { return tells_details_; }

  /// A number for a fiber or a mailbox, from 1, in order of first use.
  ///
  /// @thread any
  std::uint64_t next_number() noexcept {
    return numbers_.fetch_add(1, std::memory_order_relaxed) + 1; // relaxed: only has to be unique
  }

  /// Tells the sink, if there is one: a null check when there is none.
  void emit(event_kind kind, std::uint64_t object, std::uint64_t subject, std::uint64_t cause,
            std::uint32_t place = 0) const noexcept {
    if (fiber_sink_ != nullptr)
      fiber_sink_->on_event({time_.now(), kind, place, object, subject, cause});
  }

protected:
  /// For destructors of executors with threads, while `schedule` can be called: a thread of a service that has woken the
  /// last fiber may still be in there.
  ///
  /// @pre all roots have ended
  void end_services() noexcept { services_.end(); }

private:
  time_source& time_;
  event_sink* sink_;
  event_sink* fiber_sink_; // the same, or null
  const bool tells_details_;
  std::atomic<std::uint64_t> numbers_{0};
  std::atomic<std::size_t> disowned_{0};
  detail::services services_;
};

namespace detail {

/// Says while it lives that an executor which runs all on one thread runs something here that is no fiber.
class runs_outside {
public:
  explicit runs_outside(const executor& by) noexcept;
  ~runs_outside();
  runs_outside(const runs_outside&) = delete;
  runs_outside& operator=(const runs_outside&) = delete;

private:
  const executor* before_;
};

/// The executor that runs what runs here, a fiber or not; null: none.
///
/// @thread any
const executor* executor_here() noexcept;

} // namespace detail

} // namespace troupe
