// Who asks an executor's sockets whether they are ready: carriers that have nothing else to do, so that a fiber which waits
// for a socket runs on the thread that has heard of it.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace troupe {
class carrier_pool;
}

namespace troupe::detail {

/// What wakes fibers, and has to be asked whether it would.
class pollable {
public:
  /// Wakes the fibers whose waits are over. Blocks while there is none, no longer than this; `duration::max()`: without a
  /// limit.
  ///
  /// @thread one at a time
  virtual void poll(duration at_most) noexcept = 0;
  /// Ends a `poll` that blocks, or the next one that would.
  ///
  /// @thread any
  virtual void interrupt() noexcept = 0;

protected:
  ~pollable() = default;
};

/// The right to poll, which one thread has at a time.
///
/// *Carriers poll* instead of napping, and between two turns. *While all of them are at home* a thread of its own blocks in
/// the poll; as soon as it has woken somebody it leaves the poll to the carriers, and only looks after a while whether any
/// of them has come to it: they may all be busy, with one fiber each.
class polling {
public:
  explicit polling(carrier_pool& pool) noexcept : pool_(pool) {}
  ~polling();
  polling(const polling&) = delete;
  polling& operator=(const polling&) = delete;

  /// From now on `asked` is polled. Starts the thread.
  ///
  /// @throws std::system_error  there is no thread
  void start(pollable& asked);
  /// Joins the thread; then nobody polls any more.
  ///
  /// @pre nobody waits for it
  void stop() noexcept;
  /// There is something to be polled.
  ///
  /// @thread any
  bool is_started() const noexcept { return asked_.load(std::memory_order_relaxed) != nullptr; } // relaxed: a hint

  /// Nobody has polled for so long, up to `now`.
  ///
  /// @thread any
  duration unpolled_for(instant now) const noexcept {
    return now - polled_at_.load(std::memory_order_relaxed); // relaxed: only a number
  }

  /// The right to poll, until it is destroyed; or none, because another thread has it or there is nothing to be polled.
  class turn {
  public:
    explicit turn(polling& of) noexcept : of_(of), asked_(of.take()) {}
    ~turn();
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    explicit operator bool() const noexcept { return asked_ != nullptr; }
    void poll(duration at_most) noexcept;

  private:
    polling& of_;
    pollable* const asked_;
  };

  /// Another thread has the right to poll, and will soon give it back.
  ///
  /// @thread any
  bool is_taken_shortly() const noexcept {
    // relaxed, both: a hint
    return is_taken_.load(std::memory_order_relaxed) && !is_blocking_.load(std::memory_order_relaxed);
  }

  /// Ends the poll that blocks now. May be in vain where the turn has changed meanwhile: who means to block looks whether it
  /// still should once it has the turn.
  ///
  /// @thread any
  void interrupt() noexcept;
  /// The last carrier may have come home.
  ///
  /// @thread any
  void note_home() noexcept {
    if (is_parked_.load(std::memory_order_seq_cst)) // see run()
      unpark();
  }

private:
  pollable* take() noexcept;
  void run() noexcept;
  void unpark() noexcept;

  carrier_pool& pool_;
  std::atomic<pollable*> asked_{nullptr};
  std::atomic<bool> is_taken_{false};
  // Written by who has the turn.
  std::atomic<bool> is_blocking_{false};
  std::atomic<instant> polled_at_{instant{}};
  std::atomic<bool> is_parked_{false};
  std::atomic<bool> stops_{false};
  std::mutex mutex_; // of what follows
  std::condition_variable unparked_;
  std::thread thread_;
};

} // namespace troupe::detail
