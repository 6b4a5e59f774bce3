// Two streams that are connected in memory, with faults: what tests use in place of a network.

#pragma once

#include <troupe/streams/byte_stream.hpp>

#include <cstddef>
#include <limits>
#include <optional>

namespace troupe {

/// What goes wrong in one direction of a pipe, counted in bytes that have reached the other side.
struct pipe_faults {
  /// After so many bytes the connection is reset, for both sides. What nobody has read by then is lost.
  std::optional<std::size_t> resets_at = std::nullopt;
  /// After so many bytes the direction ends: its reader sees the end, and what is written later gets lost.
  std::optional<std::size_t> ends_at = std::nullopt;
  /// After so many bytes nothing gets through any more, for this long.
  std::optional<std::size_t> stalls_at = std::nullopt;
  duration stalls_for = duration::max();
  /// Reads and writes are short: a transport moves at most so many bytes at once.
  std::size_t at_once_max = std::numeric_limits<std::size_t>::max();
};

struct pipe_options {
  /// Bytes of one direction that have left, and are not read.
  std::size_t capacity = 65'536;
  /// Bytes of one direction that are unsent: see `byte_stream`.
  std::size_t high_water = 65'536;
  pipe_faults first_to_second = {};
  pipe_faults second_to_first = {};
};

struct stream_pair {
  byte_stream first;
  byte_stream second;
};

/// Makes two streams, each of which reads what is written to the other one.
///
/// In a simulation it is a network: what is sent arrives later, in steps of its own, any number of bytes at a time, and
/// behind them the end or a reset; who writes to a side that has closed learns of that when it has come back. In a test that
/// explores, the schedule decides, and a connection may be reset: see `fault::reset`.
///
/// @pre    capacities and marks are not 0
/// @thread any fiber's
stream_pair pipe_pair(const pipe_options& options = {});

} // namespace troupe
