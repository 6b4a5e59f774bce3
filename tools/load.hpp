// A load client of the ledger service: transfers over many connections, each told what became of it.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/streams/byte_stream.hpp>
#include <troupe/tools/latency_histogram.hpp>
#include <troupe/tools/load_protocol.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

namespace troupe::tools {

struct load_options {
  std::string host;
  std::uint16_t port = 0;
  std::size_t connections = 32;
  /// Requests that begin in a second, by the clock. 0: each connection has one begin when the one before has ended.
  std::uint64_t rate = 0;
  duration lasts = std::chrono::seconds{10};
  /// Of each request, from when it should have begun, with all of its tries.
  duration deadline = std::chrono::milliseconds{500};
  std::uint64_t accounts = 100;
  std::uint64_t seed = 1; ///< Of what is asked.
  unsigned retries = 3;   ///< Of one request.
  std::string acknowledged_file = {};
  /// Whom the certificate of the service must be of, a file of PEM; then connections are encrypted. Empty: they are not.
  std::string authorities_file = {};
};

/// What has come of the requests. Counts of different moments may differ: the lock is held for one of them.
struct load_counts {
  std::array<std::uint64_t, request_end_count> of{};
  std::uint64_t repeated = 0; ///< Of those committed.
  std::uint64_t retries = 0;
  std::uint64_t connections_lost = 0;
  std::string refused_as = {};     ///< The first error without a count of its own.
  std::string unreachable_by = {}; ///< Why the last connection could not be made.
  latency_histogram committed = {};
  latency_histogram answered_otherwise = {};

  std::uint64_t requests() const noexcept;
  std::uint64_t answered() const noexcept;
};

/// What is on the other side is no ledger.
class no_ledger : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One run of it, and what it shares with whoever shows how far it is.
struct load_run {
  explicit load_run(load_options given) : options(std::move(given)) {}

  const load_options options;
  std::function<task<byte_stream>()> connects = nullptr; ///< Null: over TCP.
  /// Called ten times a second, on a fiber; false: nobody wants the report any more.
  std::function<bool(load_run& running, instant now)> listener = nullptr;
  bool unwanted = false;
  std::string
      key_prefix; ///< That no other run has: the keys of a request are its own for ever. Given before it begins.
  /// Its connections are there. Until then it has no begin.
  bool has_begun() const noexcept { return begun != instant{}; }
  instant begun{};

  std::mutex lock; // guards the next
  load_counts counts;
};

/// Asks until its time is over, and waits for what is under way then.
///
/// A request whose connection is lost, which is told `overloaded` or `in_doubt`, is tried again with the same key.
/// Latencies count from when a request should have begun: with a rate, that is when the clock says so, also while no
/// connection is free (else the requests that a stall holds up would not count: coordinated omission).
///
/// @suspends until then
/// @cancel   what is under way is left
/// @throws   `connect_error`, `tls_error`, `deadline_exceeded`: the first connection cannot be made; `no_ledger`;
///           std::system_error: the file of what was acknowledged cannot be written
task<> load(load_run& run);

} // namespace troupe::tools
