// How ready fibers are spread over a few threads: the policy, independent of whose threads they are.

#pragma once

#include <troupe/scope/coarse_time.hpp>
#include <troupe/scope/executor.hpp>
#include <troupe/scope/polling.hpp>
#include <troupe/scope/spinlock.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe {

class carrier_pool;

/// The thresholds of the policy, chosen on two cores with pipelines, chains, ping-pong and CPU-bound work
/// (docs/design.md, decision 1).
namespace carrier_policy {

/// Runs from the hand-off slot in a row while others wait: a ping-pong pair keeps its core and starves nobody.
inline constexpr int handoffs_in_a_row_max = 16;
/// A fiber that holds its core longer than this lets the watcher take what has waited behind it as long. With a fifth
/// of this it moves fibers that would have met again at once, with four times of it light work stays on one core.
inline constexpr duration core_held_max = std::chrono::microseconds{5};
/// A fiber that has waited longer than this may be taken by the watcher.
inline constexpr duration queued_max = std::chrono::microseconds{100};
/// The watcher spins for this long before its first nap: work of a microsecond an item spreads only to who is awake.
inline constexpr duration spin = std::chrono::microseconds{50};
/// Before later naps, and before the first where there are sockets: they wake it from its nap. Long enough to see a fiber
/// that does not let go.
inline constexpr duration look = core_held_max + std::chrono::microseconds{1};
/// The watcher's naps grow from the first to the second: what a newly blocked core costs, against waking for nothing.
inline constexpr duration nap_first = std::chrono::microseconds{50};
inline constexpr duration nap_max = std::chrono::microseconds{400};
/// A carrier that always has something to run polls after this long: sockets that are ready wait for its other fibers, but no
/// longer. (With a fifth of this a carrier never came to look at what waits on the others.)
inline constexpr duration unpolled_max = std::chrono::microseconds{250};
/// When no other carrier has run for this long, the watcher goes home: an idle program uses no CPU time. Where there are
/// sockets, when it has moved nothing for this long.
inline constexpr duration linger = std::chrono::milliseconds{10};
/// Of the fibers that a poll has woken, a second carrier is called to take some when the last of them has waited for longer
/// than this. They would spread at once if it cost nothing, but it takes a CPU from who sends the requests, and two carriers
/// that poll in turn get fewer at a time: with 64 connections on two cores, one carrier answers 1.4 times as many.
inline constexpr duration patience = std::chrono::microseconds{500};
/// Half of a queue is taken at a time, but no more than this: the queue's lock is held while the list is walked.
inline constexpr std::uint32_t stolen_max = 256;
/// One call of `carrier::work()` lasts about this long, then whoever shares the thread has its turn: a CAF actor beside
/// busy fibers waits about as long for each message.
inline constexpr duration turn = std::chrono::microseconds{50};
/// The clock is read after this many fibers at most, so that it costs nothing for each: after fewer where they have
/// run long, and after one that did not wait, but used up its slice or gave it away.
inline constexpr int runs_between_clock_reads_max = 32;

} // namespace carrier_policy

/// What a carrier does at a moment, as a watchdog sees it. Two that are equal are of one run.
struct carrier_sample {
  std::uint32_t runs = 0;         ///< Changes with each run.
  const fiber* running = nullptr; ///< Null: none. It may have gone: to be compared, never to be looked into.

  friend bool operator==(const carrier_sample&, const carrier_sample&) = default;
};

/// One thread's worth of ready fibers: a queue, and a slot for the fiber that was woken last.
///
/// *A wake never leaves the waker's core*: it goes to the slot, which runs next, so partners meet in one cache and
/// take turns without a locked instruction between cores. Only an idle carrier moves fibers, and only those it has
/// seen wait (see `carrier_pool`).
class carrier {
public:
  carrier(carrier_pool& pool, std::size_t index) noexcept : pool_(pool), index_(index) {}
  carrier(const carrier&) = delete;
  carrier& operator=(const carrier&) = delete;

  /// Runs ready fibers until none is left or the turn is used up.
  ///
  /// @returns true: call it again, after others had their turn. False: it went home and must not be called before it
  ///          is brought again, which may have happened already
  /// @thread  whichever `carrier_pool::bring` arranged, one at a time
  bool work() noexcept;

  /// The one that works on this thread, null where none does.
  ///
  /// @thread any
  static carrier* here() noexcept;
  /// Its place in the pool, from 0.
  std::size_t index() const noexcept { return index_; }

private:
  friend class carrier_pool;

  enum class state : std::uint8_t {
    running, ///< A thread is in `work()`, or is on its way to it.
    napping, ///< The watcher, in a timed wait in `work()`.
    home,    ///< No thread has it.
  };

  void push(fiber& last) noexcept;
  void push_all(fiber& first, fiber& last, std::uint32_t count) noexcept;
  fiber* pop() noexcept;
  void hand_off(fiber& woken) noexcept;
  fiber* take_handed() noexcept;
  fiber* next() noexcept;
  void append(fiber& first, fiber& last, std::uint32_t count) noexcept;
  void note_turn(int runs, duration took) noexcept;
  void note_run(instant now) noexcept;
  void note_queue(instant now) noexcept;
  enum class place : std::uint8_t { poll, bed };
  bool nap(place where, duration at_most) noexcept;
  void poll_between_turns(instant now) noexcept;
  void poll(detail::polling::turn& by, duration at_most) noexcept;
  bool nap_in_poll(duration at_most) noexcept;
  bool lets_wait(instant now) noexcept;
  void wake_from_nap() noexcept;
  // relaxed: sequence numbers; whoever acts on them takes the lock
  std::uint32_t length() const noexcept {
    return pushed_.load(std::memory_order_relaxed) - popped_.load(std::memory_order_relaxed);
  }

  carrier_pool& pool_;
  const std::size_t index_;

  static constexpr std::size_t cache_line = 64;

  alignas(cache_line) detail::spinlock lock_; // guards the queue; the numbers are written under it
  fiber* first_ = nullptr;
  fiber* last_ = nullptr;
  std::atomic<std::uint32_t> pushed_{0};
  std::atomic<std::uint32_t> popped_{0};

  alignas(cache_line) std::atomic<fiber*> handed_{nullptr};       // filled by the owner only; the watcher may take it
  std::atomic<std::uint32_t> runs_{0};                            // fibers run so far, for the watcher and a watchdog
  std::atomic<std::uint32_t> offered_up_to_{0};                   // of `pushed_`: the watcher may take these at once
  std::atomic<const fiber*> running_{nullptr};                    // for a watchdog
  std::atomic<std::atomic<detail::coarse_time>*> noted_{nullptr}; // of the thread where it works, or did last
  std::atomic<int> thread_{0};                                    // the same: its number, as the system has it
  int handoffs_in_a_row_ = 0;
  int runs_between_clock_reads_ = 1;
  bool slice_ended_ = false; // the last fiber would go on
  bool polls_ = false;
  std::uint32_t waiting_up_to_ = 0; // of `pushed_`: what has waited since then
  instant waiting_since_{};

  alignas(cache_line) std::atomic<state> state_{state::home};
  std::atomic<bool> naps_in_poll_{false};
  std::mutex nap_mutex_;
  std::condition_variable nap_over_;

  struct { // the watcher's notes about this carrier
    std::uint32_t runs = 0;
    std::uint32_t pushed_at_run = 0;
    fiber* handed_at_run = nullptr;
    instant runs_at{};
    std::uint32_t queued_up_to = 0;
    instant queued_at{};
  } seen_;
  std::uint32_t runs_at_look_ = 0; // of look_for_standstill()
};

/// Executor over a fixed number of carriers.
///
/// *The watcher*: at most one idle carrier stays awake and looks at the running ones. It takes fibers from a carrier
/// whose fiber holds its core, or whose queue does not move; then it resigns and calls the next one from home. So
/// work that can use a second core gets it within microseconds, while partners in free messaging are left alone. The
/// busy carrier takes no time stamps for this: two counters and the watcher's own clock suffice.
///
/// Each carrier drains its own queue, so nothing is lost while nobody watches; watching only spreads.
class carrier_pool : public executor {
public:
  ~carrier_pool() override;

  /// From one of its own carriers: into the hand-off slot, what was there goes to the queue. From outside: to the
  /// carrier that ran it last, whose cache has its frames; one that is new to the carriers in turn.
  void schedule(fiber& ready) noexcept final;
  /// From one of its own carriers: the first into the hand-off slot, the others to the queue.
  void schedule_all(fiber& first, fiber& last, std::uint32_t count) noexcept final;
  void schedule_last(fiber& ready) noexcept final;

  /// Ends the services, sends all carriers home and waits until they are there. A second call does nothing.
  ///
  /// @pre    all fibers have ended, and nobody schedules any more
  /// @thread outside of any fiber
  void stop() noexcept;

  /// The steady clock, which carriers read anyway, whatever `time()` is.
  instant noted_clock() const noexcept final { return real_time(); }

  std::size_t carriers() const noexcept { return carriers_.size(); }
  /// How often a watcher has moved fibers from one carrier to another.
  ///
  /// @thread any
  std::uint64_t steals() const noexcept { return steals_.load(std::memory_order_relaxed); } // relaxed: for people

  /// @name For a watchdog
  ///@{
  /// What a carrier does now.
  ///
  /// @thread any
  carrier_sample sample(std::size_t index) const noexcept;
  /// The number of the thread where a carrier works, or did last, as gettid(2) has it; 0: it never has.
  ///
  /// @thread any
  int thread_of(std::size_t index) const noexcept;
  /// Notes the time for a fiber that keeps its thread for long, so that it waits, or has a message, since then.
  ///
  /// @pre    the threads where carriers have worked are there
  /// @thread any
  void note_time(std::size_t index) const noexcept;
  /// Blocks while all carriers are at home, so that an idle program wakes nobody; not when `unless` is set, and no
  /// longer than until `end_wait_busy()`, which comes after that.
  ///
  /// @thread outside of any fiber; one at a time
  void wait_busy(const std::atomic<bool>& unless) noexcept;
  /// @thread any
  void end_wait_busy() noexcept;
  ///@}

  detail::polling* polls() noexcept final { return &polling_; }
  /// No thread has a carrier.
  ///
  /// @thread any
  bool all_home() const noexcept { return home_.load(std::memory_order_seq_cst) == static_cast<int>(carriers_.size()); }
  /// Calls a watcher where fibers wait behind one that runs since the last look.
  ///
  /// @thread that of `polling`
  void look_for_standstill() noexcept;

protected:
  carrier_pool(time_source& time, event_sink* sink, std::size_t carriers);

  /// Arranges that some thread calls `brought.work()`, and again while that returns true. Must not call it itself.
  ///
  /// What the caller wrote before must be visible to that thread.
  ///
  /// @thread any
  virtual void bring(carrier& brought) noexcept = 0;

  /// How long the watcher may nap in the poll while no other carrier runs: whoever shares its thread waits as long.
  virtual duration nap_alone_max() const noexcept { return carrier_policy::linger; }

  carrier& at(std::size_t index) noexcept { return *carriers_[index]; }

private:
  friend class carrier;

  struct found {
    fiber* ready;
    bool come_back; // where nothing is ready
  };

  static instant real_time() noexcept;
  found idle(carrier& me) noexcept;
  found watch(carrier& me) noexcept;
  found nap_beside_watcher(carrier& me) noexcept;
  bool nap_alone(carrier& me) noexcept;
  void note_clock() noexcept;
  void begin_watch() noexcept;
  void resign() noexcept;
  void end_watch() noexcept;
  bool go_home(carrier& me) noexcept;
  void count_away() noexcept;
  fiber* look_around(carrier& me, instant now, bool& others_run) noexcept;
  fiber* steal(carrier& from, carrier& me) noexcept;
  bool others_run(const carrier& me) const noexcept;
  void rouse(carrier& with_work) noexcept;
  void call_watcher() noexcept;
  void look_for_watcher() noexcept {
    // relaxed: a stale `watcher_` is made good by who gives up the watch, in go_home() and resign()
    if (watcher_.load(std::memory_order_relaxed) == nullptr && home_.load(std::memory_order_relaxed) > 0)
      call_watcher();
  }

  std::vector<std::unique_ptr<carrier>> carriers_;
  std::atomic<std::uint32_t> next_from_outside_{0};
  std::atomic<std::uint64_t> steals_{0};
  std::atomic<bool> stopping_{false};
  detail::polling polling_{*this};

  alignas(carrier::cache_line) std::atomic<carrier*> watcher_{nullptr};
  std::atomic<bool> watcher_sees_nobody_{false}; // it naps for long: no other carrier ran when it began
  std::atomic<int> home_;                        // carriers at home; never more than there are
  std::atomic<bool> awaits_busy_{false};

  struct { // the watcher's own; handed over with watcher_
    bool begun = false;
    instant spins_until{};
    instant last_active{};
    duration nap{};
  } watch_;
};

} // namespace troupe
