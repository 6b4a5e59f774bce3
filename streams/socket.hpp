// Streams over the network, and between the programs of a machine: TCP and Unix sockets.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/streams/byte_stream.hpp>
#include <troupe/streams/stream_error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

namespace troupe {

namespace detail {
class listener_state;
}

struct socket_options {
  /// Bytes that are unsent: see `byte_stream`. What the system keeps for itself is beside this.
  std::size_t high_water = 65'536;
};

struct listen_options {
  /// Streams that were accepted here and are open. While there are so many, others wait to be accepted: the system holds
  /// about `backlog` of them.
  std::size_t connections_max = 1'000;
  int backlog = 128;
  /// Of each stream.
  socket_options socket = {};
  /// Is told why, each time that a connection cannot be accepted for want of descriptors or memory: at most every 100 ms,
  /// on the fiber that accepts. ("Too many open files": raise `ulimit -n`, or lower `connections_max`.) It must not wait;
  /// what it throws comes out of `accept`, and no connection is lost by that.
  std::function<void(const std::error_code&)> on_shortage = nullptr;
};

/// Connects over TCP.
///
/// Sockets have no place in a simulated run: there `pipe_pair` is the network.
///
/// @param host  a numeric address, or a name, which is looked up on a thread for blocking work. Where it has several
///              addresses they are tried one after the other. There is no limit but those around it: see `fail_after`
/// @suspends until it is connected
/// @cancel   nothing is left of it; a lookup is abandoned
/// @throws   `connect_error`: "cannot connect to 127.0.0.1:9: Connection refused"
/// @thread   any fiber's, which is where it may be used: on the executor of that
task<byte_stream> connect_tcp(std::string host, std::uint16_t port, socket_options options = {});
/// Connects to a Unix socket. Where too many wait to be accepted there it tries again, and again.
///
/// *Unix sockets know no reset.* Where a stream is aborted, or closed with a part unsent, the other side reads the end
/// after what was sent, unless it had sent something that nobody has read. Whoever must tell the two apart sends a last
/// word.
///
/// @suspends until it is connected
/// @cancel   nothing is left of it
/// @throws   `connect_error`
/// @thread   any fiber's
task<byte_stream> connect_unix(std::string path, socket_options options = {});

/// What a listener has done.
struct listener_statistics {
  std::uint64_t accepted = 0;
  std::size_t open = 0; ///< Of these.
  /// How often a connection could not be accepted, for want of descriptors or memory.
  std::uint64_t shortages = 0;
};

/// Where others connect to. It listens from the beginning, and until it is closed.
///
/// *Whoever owns it closes it*, by its destructor at the latest. The streams that were accepted stay as they are.
///
/// @thread any fiber's of the executor that it was made on
class listener {
public:
  explicit listener(std::shared_ptr<detail::listener_state> state) noexcept;
  listener(listener&&) noexcept;
  listener& operator=(listener&&) noexcept;
  /// @pre no fiber accepts
  ~listener();

  /// Waits for a connection, as one who is idle by nature. What goes wrong with one that was not accepted yet is no
  /// error; where descriptors or memory are short it tells `on_shortage`, and tries again every 100 ms.
  ///
  /// @suspends until somebody connects, and while there are `connections_max`
  /// @cancel   no connection is lost: whoever accepts next gets it
  /// @throws   `stream_closed` once the listener was closed, `stream_busy`, `listen_error`
  task<byte_stream> accept();
  /// Nobody can connect any more, and who waits in `accept` gets `stream_closed`. Those that were not accepted are reset.
  void close() noexcept;
  bool is_open() const noexcept;

  /// Of TCP; else 0.
  std::uint16_t port() const noexcept;
  /// "127.0.0.1", or the path of a Unix socket.
  std::string address() const;
  listener_statistics statistics() const noexcept;

private:
  std::shared_ptr<detail::listener_state> state_;
};

/// Listens for TCP.
///
/// @param address  a numeric one, of this machine; "0.0.0.0", "::": all of them
/// @param port     0: any that is free, see `listener::port`
/// @throws `listen_error`: "cannot listen on 127.0.0.1:80: Permission denied"
/// @thread any fiber's
listener listen_tcp(const std::string& address, std::uint16_t port, const listen_options& options = {});
/// Listens for those of this machine, at a path. A socket that nobody listens on any more is replaced; at the end the
/// file is removed.
///
/// @throws `listen_error`
/// @thread any fiber's
listener listen_unix(const std::string& path, const listen_options& options = {});

} // namespace troupe
