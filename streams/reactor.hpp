// The thread on which an executor hears from its sockets.

#pragma once

#include <troupe/scope/executor.hpp>

#include <atomic>
#include <cstddef>
#include <memory>

namespace asio {
class io_context;
}

namespace troupe::detail {

/// One hidden thread per executor, which waits until sockets are ready. It starts with the first socket, takes no
/// signals, and runs no fiber: it wakes those that wait.
class reactor {
public:
  /// That of an executor, made when it is first asked for.
  ///
  /// @throws std::system_error  there is no thread, or no descriptor for its use
  /// @thread any
  static reactor& of(executor& on);

  explicit reactor(executor& on);
  /// Joins the thread.
  ///
  /// @pre no socket is open
  ~reactor();
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  asio::io_context& context() noexcept;
  /// @thread any
  void note_open(int more) noexcept {
    open_.fetch_add(static_cast<std::size_t>(more), std::memory_order_relaxed); // relaxed: the roots' ends order it
  }

private:
  struct running;

  std::atomic<std::size_t> open_{0};
  std::unique_ptr<running> running_;
};

} // namespace troupe::detail
