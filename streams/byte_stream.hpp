// A connection as a stream of bytes in both directions, with backpressure.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/scope/time_source.hpp>
#include <troupe/streams/stream_error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace troupe {

namespace detail {
class stream_state;
class transport;
struct taken_apart;
} // namespace detail

/// What went through a stream.
struct stream_statistics {
  std::uint64_t bytes_read = 0;     ///< Handed to readers.
  std::uint64_t bytes_accepted = 0; ///< From writers.
  std::size_t bytes_unsent = 0;     ///< Of these, still on this side.
};

/// One end of a connection: bytes come and go in order, in both directions, until each is ended.
///
/// A write waits while what is unsent is at the *high-water mark*: so a peer that does not read suspends whoever writes.
/// What was accepted goes its way without its fiber. One fiber may read while another writes; two that do the same get
/// `stream_busy`.
///
/// *Whoever owns it closes it.* `close` sends what was accepted, within a limit; destroying an open stream drops that,
/// and resets the connection. A stream may be moved while fibers use it; it must not be destroyed.
///
/// *Errors.* `peer_reset` once the connection is gone, `stream_closed` once it was closed on this side, `stream_torn` once
/// a write was cancelled in its middle; each of them from then on, and only `close` and `abort` are left. An error of
/// another kind changes nothing.
///
/// All operations that may wait are checkpoints: they look for a cancel before they do anything, also where they need not
/// wait. Only `close` is none: it closes in any case. One that was moved from counts as closed.
/// (One write that waits in place of `write` and `drain` is Trio's `send_all`; what a cancel leaves behind is its rule as
/// well. The high-water mark is that of asyncio's transports.)
///
/// @thread any fiber's of the executor that it was made on
class byte_stream {
public:
  explicit byte_stream(std::unique_ptr<detail::transport> over);
  byte_stream(byte_stream&&) noexcept;
  byte_stream& operator=(byte_stream&&) noexcept;
  ~byte_stream();

  /// @name Reading
  ///@{

  /// Reads what there is, at least one byte and at most `to.size()`.
  ///
  /// @suspends while nothing has come
  /// @cancel   nothing was taken
  /// @returns  how many; 0: the other side has ended its direction, or `to` is empty
  /// @throws   `peer_reset`, `stream_closed`, `stream_torn`, `stream_busy`
  task<std::size_t> read_some(std::span<std::byte> to);
  /// Reads so many bytes.
  ///
  /// @suspends until they have come
  /// @cancel   nothing was taken: what has come is read next
  /// @throws   as `read_some`; `incomplete_read` where the stream ends before
  task<std::string> read_exactly(std::size_t bytes);
  /// Reads up to the delimiter, and with it. What comes behind it stays for the next read.
  ///
  /// @param limit  bytes that this may have, with the delimiter
  /// @suspends until it has come
  /// @cancel   nothing was taken
  /// @throws   as `read_some`; `incomplete_read` where the stream ends before; `limit_overrun` where the delimiter is
  ///           not among the first `limit` bytes, which then are still there
  task<std::string> read_until(std::string_view delimiter, std::size_t limit);
  /// Reads up to the delimiter, and with it, and drops all that, however much it is.
  ///
  /// @suspends until it has come
  /// @cancel   what had come of it is dropped
  /// @returns  how many bytes
  /// @throws   as `read_until`, without a limit
  task<std::uint64_t> discard_until(std::string_view delimiter);
  /// Reads all until the stream ends.
  ///
  /// @suspends until it has ended
  /// @cancel   nothing was taken
  /// @throws   as `read_some`; `limit_overrun` where there is more, which then is still there
  task<std::string> read_to_end(std::size_t limit);
  /// Whether the delimiter is in what has been read ahead: then `read_until` does not wait for it.
  ///
  /// @thread whoever reads
  bool has_ahead(std::string_view delimiter) const noexcept;
  /// True once the stream has ended and all was read: a read would give nothing. False: not known yet.
  bool at_end() const noexcept;
  ///@}

  /// Reads nothing more from the other side: what has been read ahead is still given, and then the stream ends, also for
  /// who waits in a read. The connection stays, and can be written to. On a closed stream it changes nothing.
  ///
  /// @thread any, while the stream exists
  void end_reading() noexcept;

  /// @name Writing
  ///@{

  /// Writes all of it. The bytes must stay where they are until then.
  ///
  /// @suspends while what is unsent is at the high-water mark
  /// @cancel   if some of it had been accepted, the stream is torn: see `stream_torn`. Else nothing was written
  /// @returns  how many bytes were accepted: all
  /// @throws   `peer_reset` and `stream_closed`, with how many were accepted; `stream_torn`, `stream_busy`
  task<std::size_t> write(std::span<const std::byte> bytes);
  task<std::size_t> write(std::string_view text);
  /// Waits until a write would accept something.
  ///
  /// @suspends while what is unsent is at the high-water mark
  /// @cancel   changes nothing
  /// @throws   as `write`
  task<> wait_writable();
  /// Ends this direction: the other side reads its end after what was written. Once more changes nothing.
  ///
  /// @throws `stream_busy`, `peer_reset`, `stream_closed`, `stream_torn`
  void shutdown_write();
  ///@}

  /// @name Ending
  ///@{

  /// Closes the stream: nothing else is accepted, whoever waits in a read or a write gets `stream_closed`, and what was
  /// accepted is sent. What is unsent when `limit` has passed is dropped, and the connection is reset.
  ///
  /// A socket that is closed while something has come that nobody has read would reset the connection, and with it what
  /// was sent last might be lost. So then the end is sent, and what comes is dropped, until the other side has ended as
  /// well, a mebibyte has come, or `limit` has passed.
  ///
  /// @suspends until all is sent, and the other side has ended where it has sent more than was read; or `limit` has
  ///           passed
  /// @cancel   it is closed all the same, at once: what is unsent is dropped
  /// @returns  how many accepted bytes were dropped, 0: none. The same for a connection that is gone
  task<std::size_t> close(duration limit = std::chrono::seconds{5});
  /// Closes it at once, and resets the connection: what is unsent is dropped. On a closed one it changes nothing.
  void abort() noexcept;
  bool is_open() const noexcept;
  ///@}

  stream_statistics statistics() const noexcept;
  /// "socket #4 from 127.0.0.1:80", whatever becomes of it.
  std::string name() const;
  /// The same with what it is doing: "pipe #4 (open, 12 bytes unsent)".
  std::string describe() const;

private:
  friend struct detail::taken_apart;

  /// @throws stream_closed  it was moved from
  detail::stream_state& state() const;

  std::unique_ptr<detail::stream_state> state_;
};

} // namespace troupe
