// What an executor asks which of its sockets are ready.

#pragma once

#include <troupe/scope/executor.hpp>
#include <troupe/scope/polling.hpp>
#include <troupe/streams/system_socket.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace troupe::detail {

class wakeups;

/// What became of a socket: bits, several at once.
enum class socket_event : std::uint8_t {
  readable = 1, ///< There is more to be read than before, or an end.
  writable = 2, ///< There is more room than before.
  hidden = 4, ///< Behind what a short read gives there may be more that is not told: an end, an error, an urgent byte.
};
constexpr bool has(std::uint8_t events, socket_event one) noexcept {
  return (events & static_cast<std::uint8_t>(one)) != 0;
}

/// Who has a socket, and is told of it.
class socket_watcher {
public:
  /// Something has changed. May be a false alarm, also right after its socket was closed.
  ///
  /// @param events  of `socket_event`
  /// @param woken   for fibers that this wakes
  /// @thread who polls, one at a time, without a lock
  virtual void on_change(std::uint8_t events, wakeups& woken) noexcept = 0;

protected:
  socket_watcher() = default;
  ~socket_watcher() = default;

private:
  friend class reactor;

  std::shared_ptr<socket_watcher> next_removed_;
};

/// One per executor, from its first socket on. It runs no fiber: it wakes those that wait. See `polling` for the threads.
///
/// *Each socket is added once, for all events, and is told of changes only* (an edge-triggered epoll, as in mio and Go's
/// netpoll): a wait costs no call of the system. So a watcher remembers what it was told until a call has found that it
/// would block; a call that moved less than it might have has found that, too.
class reactor final : public pollable {
public:
  /// That of an executor, made when it is first asked for.
  ///
  /// @throws std::system_error  there is no thread, or no descriptor for its use
  /// @thread any
  static reactor& of(executor& on);

  explicit reactor(executor& on);
  /// @pre no socket is open
  ~reactor();
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  /// From now on `told` hears of the socket, at first of what is there already.
  ///
  /// @throws std::system_error  there is no memory for it
  /// @thread any
  void add(int descriptor, socket_watcher& told);
  /// Before the socket is closed. `told` may hear of it once more, and lives until that is past.
  ///
  /// @thread any
  void remove(int descriptor, std::shared_ptr<socket_watcher> told) noexcept;

  void poll(duration at_most) noexcept override;
  void interrupt() noexcept override;

private:
  void forget_removed() noexcept;

  polling& asks_;
  const system_descriptor epoll_, interrupts_;
  std::atomic<std::size_t> open_{0};
  std::atomic<bool> has_removed_{false};
  std::mutex lock_;                         // of what follows
  std::shared_ptr<socket_watcher> removed_; // the last of them, and so the others
};

} // namespace troupe::detail
