// A thread outside of any fiber that waits for one decision.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <condition_variable>
#include <mutex>

namespace troupe::detail {

/// Made by the thread that waits; whoever decides does so once, under the lock of the object that is waited for, so
/// that the thread, which takes that lock before it goes, cannot take this away too early.
class blocked_thread {
public:
  /// @thread any
  void decide() noexcept;

  /// Blocks until it is decided; false: the time was up first.
  bool wait(instant until);
  bool wait(duration at_most);

private:
  std::mutex mutex_;
  std::condition_variable decided_;
  bool is_decided_ = false;
};

} // namespace troupe::detail
