// Messages in a stream of bytes: lines, and frames with their length before them.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/streams/byte_stream.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Reads lines, each of a limited length. However the bytes come, in whatever pieces, the lines are the same.
///
/// @thread one fiber at a time
class line_reader {
public:
  /// @param from   must outlive this
  /// @param limit  bytes of a line, without its end
  /// @pre   limit > 0
  line_reader(byte_stream& from, std::size_t limit);

  /// Reads the next line, without its end, which is "\n" or "\r\n". The last one may have none.
  ///
  /// @suspends until it has come
  /// @cancel   nothing was taken
  /// @returns  the line; empty: the stream has ended
  /// @throws   `limit_overrun` for a line that is too long, of which the rest is dropped: the next call gives the line
  ///           after it. What `byte_stream::read_until` throws of a connection
  task<std::optional<std::string>> next();
  /// Whether a whole line has been read ahead: then `next` does not wait.
  bool has_line() const noexcept { return !skips_ && from_.has_ahead("\n"); }

private:
  byte_stream& from_;
  const std::size_t limit_;
  bool skips_ = false; // the rest of a line that is too long
};

/// Writes a line and its end, "\n".
///
/// @throws std::invalid_argument  the text has more than one line; as `byte_stream::write`
task<> write_line(byte_stream& to, std::string_view text);

/// Reads frames: four bytes with the length, the most significant first, and then so many bytes. However the bytes come,
/// in whatever pieces, the frames are the same.
///
/// @thread one fiber at a time
class frame_reader {
public:
  /// @param from   must outlive this
  /// @param limit  bytes of a frame, without its length
  frame_reader(byte_stream& from, std::size_t limit);

  /// Reads the next frame, without its length.
  ///
  /// @suspends until it has come
  /// @cancel   nothing was taken
  /// @returns  the frame; empty: the stream has ended behind the last one
  /// @throws   `limit_overrun` for a length beyond the limit, now and at each call after that: nobody knows where the
  ///           next one begins. `incomplete_read` where the stream ends in a frame. What `byte_stream::read_exactly`
  ///           throws of a connection
  task<std::optional<std::string>> next();

private:
  byte_stream& from_;
  const std::size_t limit_;
  std::optional<std::size_t> length_; // of the one that is being read
};

/// Writes a frame, with its length before it.
///
/// @throws std::invalid_argument  it has more than 2³² - 1 bytes; as `byte_stream::write`
task<> write_frame(byte_stream& to, std::string_view frame);

} // namespace troupe
