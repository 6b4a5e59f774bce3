// A socket as a transport: TCP and Unix alike.

#pragma once

#include <troupe/scope/executor.hpp>
#include <troupe/streams/system_socket.hpp>
#include <troupe/streams/transport.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>

namespace troupe::detail {

/// Who counts the connections that it has made.
class connection_count {
public:
  /// One of them was closed.
  ///
  /// @thread any, without a lock
  virtual void connection_closed() noexcept = 0;

protected:
  ~connection_count() = default;
};

/// One of those that are counted, as long as it lives.
class counted_connection {
public:
  counted_connection() noexcept = default;
  explicit counted_connection(std::shared_ptr<connection_count> by) noexcept : by_(std::move(by)) {}
  counted_connection(counted_connection&&) noexcept = default;
  counted_connection& operator=(counted_connection&& other) noexcept {
    by_.swap(other.by_);
    return *this;
  }
  ~counted_connection() {
    if (by_ != nullptr)
      by_->connection_closed();
  }

private:
  std::shared_ptr<connection_count> by_;
};

/// How a connection begins.
struct connection_made {
  enum class progress : bool { done, under_way };

  system_socket socket;
  network_address peer; ///< For people.
  bool was_accepted = false;
  progress how = progress::done;
  std::size_t high_water = 0; ///< Bytes; see `byte_stream`.
};

/// Reads and writes call the system at once, on their fiber's thread. What the system does not take of a write waits here,
/// up to the high-water mark, and the reactor's thread sends it on. Fibers that wait are woken by that thread, too.
///
/// As Linux has it: a side that sees a reset still reads what had come before it.
class socket_transport final : public transport {
public:
  /// @throws std::system_error  the socket cannot be watched; then it is closed
  socket_transport(executor& on, connection_made made, counted_connection counted = {});
  ~socket_transport() override;

  /// Why it could not connect; nothing: it has. @pre a wait `to_write` is over
  std::error_code connect_failure() const;

  moved read_now(std::span<std::byte> to) override;
  moved write_now(std::span<const std::byte> from) override;
  moved push_now(std::span<const std::byte> from) override;
  std::size_t unsent() const noexcept override;
  void end_reading() noexcept override;
  void end_writing() noexcept override;
  void begin_closing() noexcept override;
  moved drop_now() override;
  void close(bool resets) noexcept override;
  std::string why_reset() const override;
  void enter(transport_wait& wait) override;
  void leave(transport_wait& wait) noexcept override;

  /// "socket #4 to 127.0.0.1:80"
  std::string describe() const override;
  std::uint64_t number() const noexcept override { return number_; }

private:
  class core;

  const std::uint64_t number_;
  const bool was_accepted_;
  const network_address peer_;
  const std::shared_ptr<core> core_; // what is to be told by the reactor holds it as well
};

} // namespace troupe::detail
