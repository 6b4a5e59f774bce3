// One thread that waits for SIGINT and SIGTERM, and SIGUSR1.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace troupe::detail {

/// Whether a signal is the one before once more: whoever stops a process and then its group, as `timeout` does, sends it
/// twice at once, and has asked for one thing.
///
/// @param since  the one before came
constexpr bool is_the_same_request(int before, int signal, duration since) noexcept {
  return signal == before && since < std::chrono::milliseconds{200};
}

/// Masks them on the thread that makes it, and so on all that are started afterwards; one thread of its own takes them.
/// Ignores SIGPIPE. A signal that is ignored already stays so.
///
/// At most one at a time in a process.
///
/// @thread owner: made and destroyed on the same one
class signal_thread {
public:
  /// Called on the signal thread, for each signal.
  using callback = void (*)(void* context, int signal) noexcept;

  /// Masks the signals; `start` begins to take them.
  ///
  /// @param also  one that is taken beside SIGINT and SIGTERM, if the program has no use for it by now; 0: none
  explicit signal_thread(int also = 0) noexcept;
  /// Joins the thread and restores what was before. A signal that is pending then does what it did before.
  ~signal_thread();
  signal_thread(const signal_thread&) = delete;
  signal_thread& operator=(const signal_thread&) = delete;

  void start(callback on_signal, void* context);
  /// Takes no more signals. A second call does nothing.
  void stop() noexcept;

private:
  sigset_t taken_;
  sigset_t mask_before_;
  struct sigaction pipe_before_;
  bool terminate_ignored_;
  int also_ = 0; // 0: nothing else is taken
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

} // namespace troupe::detail
