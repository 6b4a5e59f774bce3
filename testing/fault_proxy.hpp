// A proxy between real sockets that delays, cuts and loses what passes through it: faults that need no privileges.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/scope/time_source.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

namespace detail {
class proxy_state;
}

/// What goes wrong in one direction of each connection through a proxy, counted in its bytes.
struct proxy_faults {
  /// Bytes are passed on so much later than they came, in their order. About a mebibyte is on its way at most.
  duration delay = duration::zero();
  /// At most so many bytes are passed on at once, and not 0.
  std::size_t at_once_max = 16'384;
  /// At most so many bytes pass in a second; 0: any number.
  std::uint64_t bytes_per_second = 0;
  /// What comes is read, and lost, and an end waits until this is taken back: a partition of one direction. A reset passes.
  bool drops = false;
  /// After so many bytes nothing more is read, so who sends meets its own limits.
  std::optional<std::uint64_t> stalls_at = std::nullopt;
  /// Once so many bytes have passed the direction ends: its reader sees the end, and what comes later is lost.
  std::optional<std::uint64_t> ends_at = std::nullopt;
  /// Once so many bytes have passed the connection is reset, for both sides.
  std::optional<std::uint64_t> resets_at = std::nullopt;
};

enum class proxy_direction : std::uint8_t { to_target, to_client };

struct proxy_options {
  /// Of 127.0.0.1, where it listens; 0: any that is free, see `fault_proxy::port`.
  std::uint16_t port = 0;
  std::size_t connections_max = 1'000;
  proxy_faults to_target = {};
  proxy_faults to_client = {};
};

struct proxy_statistics {
  std::uint64_t connections = 0;     ///< That were accepted.
  std::size_t open = 0;              ///< Of these.
  std::uint64_t unreachable = 0;     ///< Of all, reset because the target could not be connected to.
  std::uint64_t bytes_to_target = 0; ///< Passed on, as the next.
  std::uint64_t bytes_to_client = 0;
};

/// Listens on 127.0.0.1, connects to its target for each connection that comes there, and passes on what comes on either,
/// with the faults that it was told. Without any it passes on bytes, ends and resets as they come.
///
/// Faults may change while it runs: those of an end, a reset and a rate hold from the next bytes on, a stall is over at
/// once when it is taken back, and bytes that are on their way arrive when they should have.
///
/// It holds back at most some bytes of its own, but the system keeps what fits in the buffers of two connections.
/// (What it can do is what Toxiproxy's *toxics* do.)
///
/// @thread any fiber's of the executor that it was made on
class fault_proxy {
public:
  /// It listens from the beginning.
  ///
  /// @param host, port  of the target: see `connect_tcp`
  /// @throws `listen_error`
  fault_proxy(std::string host, std::uint16_t port, const proxy_options& options = {});
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;
  /// @pre nobody runs it
  ~fault_proxy();

  /// Passes on what comes, until it is cancelled: each connection is a child of it.
  ///
  /// @suspends until it is cancelled
  /// @cancel   all connections are reset, and nobody can connect any more
  /// @throws   `error_group`: `listen_error`
  task<> run();

  /// Where it listens.
  std::uint16_t port() const noexcept;
  /// From now on these, in that direction, also of connections that are open: their bytes are counted from their start.
  void set(proxy_direction which, const proxy_faults& faults);
  /// Resets all connections that are open now, for both of their sides. Others may come.
  void reset_connections();
  proxy_statistics statistics() const;

private:
  const std::unique_ptr<detail::proxy_state> state_;
};

} // namespace troupe
