// A network in memory: who connects and who accepts get the ends of a pipe.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/streams/byte_stream.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <cstddef>
#include <memory>

namespace troupe {

/// What a `listener` is for sockets, for pipes: so that a server can be simulated. Copies are the same listener.
///
/// @thread any fiber's
class pipe_listener {
public:
  /// @param pipes    of each connection; the one that connects has its first end
  /// @param backlog  so many wait to be accepted, before those wait who connect
  explicit pipe_listener(const pipe_options& pipes = {}, std::size_t backlog = 16);

  /// Waits until there is room for one more.
  ///
  /// @cancel nothing is left of it
  /// @throws `connect_error` where the listener is closed
  task<byte_stream> connect() const;
  /// Waits for a connection, as one who is idle by nature.
  ///
  /// @cancel no connection is lost
  /// @throws `stream_closed` once the listener was closed
  task<byte_stream> accept() const;
  /// Nobody can connect any more. Those that were not accepted are reset.
  void close() const;

private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

} // namespace troupe
