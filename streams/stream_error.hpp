// What goes wrong with a stream of bytes.

#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe {

/// Base of all that the operations of a stream throw by themselves.
class stream_error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The connection is gone: the other side has reset it, or nobody is there any more. Each operation after that fails in
/// the same way; only closing is left.
class peer_reset : public stream_error {
public:
  /// @param accepted  of the bytes that were to be written, so many had been taken; whether they arrived nobody knows
  explicit peer_reset(std::size_t accepted = 0, const std::string& why = "the other side has reset the connection");

  std::size_t bytes_accepted() const noexcept { return accepted_; }

private:
  std::size_t accepted_;
};

/// The stream was closed on this side, or its writing side was shut down, before or while the operation waited.
class stream_closed : public stream_error {
public:
  explicit stream_closed(const std::string& why, std::size_t accepted = 0);

  /// Of the bytes that were to be written, so many had been taken when it was closed.
  std::size_t bytes_accepted() const noexcept { return accepted_; }

private:
  std::size_t accepted_;
};

/// A write was cancelled after some of its bytes had been taken, which nobody can take back: what would be written next
/// would not begin where the other side expects it to. Only closing is left.
class stream_torn : public stream_error {
public:
  stream_torn(std::size_t accepted, std::size_t of);

  /// Of the write that was cancelled.
  std::size_t bytes_accepted() const noexcept { return accepted_; }

private:
  std::size_t accepted_;
};

/// Two fibers read from one stream at a time, or two write, or two accept from one listener.
class stream_busy : public stream_error {
public:
  /// @param doing  "reading from"
  explicit stream_busy(const char* doing, const char* what = "stream");
};

/// The stream has ended before what was to be read was complete. What came is in `partial()`, and was taken out.
class incomplete_read : public stream_error {
public:
  /// @param expected  bytes; 0: up to a delimiter
  incomplete_read(std::string partial, std::size_t expected);

  const std::string& partial() const noexcept { return partial_; }
  std::size_t expected() const noexcept { return expected_; }

private:
  std::string partial_;
  std::size_t expected_;
};

/// What was to be read is longer than it may be. What has come of it is still there.
class limit_overrun : public stream_error {
public:
  /// @param what  "a line"
  limit_overrun(const char* what, std::size_t limit);

  /// Bytes.
  std::size_t limit() const noexcept { return limit_; }

private:
  std::size_t limit_;
};

/// There is no connection.
class connect_error : public stream_error {
public:
  /// @param where  "127.0.0.1:9", "/run/shop.socket"
  connect_error(const std::string& where, const std::string& why);
};

/// Nobody can connect: the address cannot be listened on, or nothing can be accepted from it any more.
class listen_error : public stream_error {
public:
  /// @param doing  "listen", "accept"
  listen_error(const char* doing, const std::string& where, const std::string& why);
};

} // namespace troupe
