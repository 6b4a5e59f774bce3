// One connection of the service: lines in, one answer for each, in their order.

#pragma once

#include <troupe/ledger/connections.hpp>
#include <troupe/ledger/service.hpp>

#include <troupe/scope/task.hpp>
#include <troupe/streams/byte_stream.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <atomic>
#include <cstdint>

namespace troupe::ledger {

/// What a connection talks to. All of it outlives the connections.
struct service_side {
  service_refs refs;
  supervisor top;
  const service_options& options;
  service_counts& counts;
  connections& all;
  std::atomic<bool>& draining;
  std::int64_t accounts;
  instant began;
};

/// Serves one connection until it ends.
///
/// @throws what is wrong with the connection
task<> converse(byte_stream& over, service_side& with);

} // namespace troupe::ledger
