// One thread that sees which fibers keep their thread for too long.

#pragma once

#include <troupe/runtime/slow_slices.hpp>
#include <troupe/runtime/survivors.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace troupe::detail {

/// Looks at the carriers a few times within the limit while they have something to run, and sleeps otherwise. The
/// carriers pay one plain store a run for it. With each look it notes the time for the fibers that run.
///
/// A fiber that is seen may end at any moment and is held by nobody, so it is never looked into: a pointer is searched
/// for in a tree that is held in place, and what was found counts only if the same run goes on after that.
class watchdog {
public:
  /// Who knows the fibers. Called on the watchdog's thread.
  class owner {
  public:
    /// Names a fiber; nothing: it is not, or no longer, where this owner looks.
    ///
    /// @param wanted  it may have gone: it is compared only
    virtual std::optional<fiber_name> find(const fiber* wanted) noexcept = 0;
    /// Takes a slow slice, while it goes on, or just after that.
    ///
    /// @param omitted  how many slow slices were not told since the last that was
    virtual void tell(const std::optional<fiber_name>& slow, std::uint64_t omitted) noexcept = 0;

  protected:
    ~owner() = default;
  };

  /// Starts the thread, which takes no signals. Both `watched`, with its threads, and `told` must outlive the watchdog.
  ///
  /// @pre limit > 0
  watchdog(carrier_pool& watched, duration limit, owner& told);
  ~watchdog();
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

private:
  void run();
  void examine(const slow_slice& slow);

  carrier_pool& watched_;
  owner& told_;
  slow_slices slices_;
  std::atomic<bool> stopping_{false}; // written under the mutex
  std::mutex mutex_;
  std::condition_variable over_;
  std::thread thread_;
};

} // namespace troupe::detail
