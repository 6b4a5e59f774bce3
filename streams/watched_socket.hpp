// A non-blocking socket, and who is told when it is ready: the door to Asio.

#pragma once

#include <troupe/streams/reactor.hpp>
#include <troupe/streams/system_socket.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>

namespace troupe::detail {

/// Not synchronised, as Asio's sockets are not: its owner calls it under a lock.
class watched_socket {
public:
  enum class until : std::uint8_t { readable, writable };

  /// Who has a socket, and is told of it.
  class watcher {
  public:
    /// The socket seems to be ready, or was closed.
    ///
    /// @thread the reactor's, without a lock
    virtual void is_ready(until what) noexcept = 0;

  protected:
    ~watcher() = default;
  };

  /// @throws std::system_error  it cannot be watched; then it is closed
  watched_socket(reactor& by, system_socket of);
  ~watched_socket();
  watched_socket(const watched_socket&) = delete;
  watched_socket& operator=(const watched_socket&) = delete;

  /// Tells `told` once, as soon as it is ready, also if it has been for long: a look that found nothing before this call
  /// misses nothing. `told` has this socket, and is held until it was told.
  ///
  /// @pre it is open, and nobody is to be told of the same already
  void watch(until what, std::shared_ptr<watcher> told) noexcept;

  /// @name Without waiting: an error that is `operation_would_block` says that it would
  ///@{
  /// @returns how many bytes came; 0 without an error: no more ever will
  std::size_t receive(std::span<std::byte> to, std::error_code& failed) noexcept;
  std::size_t send(std::span<const std::byte> from, std::error_code& failed) noexcept;
  ///@}
  /// The other side will read the end.
  void end_sending() noexcept;
  /// Closes it; a second call does nothing.
  ///
  /// @param resets  what the system has not sent yet is dropped, and the other side of a TCP connection sees a reset
  void close(bool resets) noexcept;

  /// For calls of the system. @pre it is open
  int descriptor() const noexcept { return descriptor_; }

private:
  struct asio_side;

  reactor& by_;
  int descriptor_;
  std::unique_ptr<asio_side> asio_;
};

} // namespace troupe::detail
