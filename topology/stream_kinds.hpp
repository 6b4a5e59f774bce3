// The kinds of nodes that talk over connections of bytes.

#pragma once

#include <troupe/topology/kinds.hpp>

namespace troupe::topology {

/// Adds `stream_client`, `stream_proxy` and `stream_server`; `standard_kinds` has them. See docs/topology.md.
///
/// An ask is a connection, over TCP or through a pipe in memory: see `connection.hpp`. It is answered when the connection has
/// ended.
void add_stream_kinds(kinds& to);

} // namespace troupe::topology
