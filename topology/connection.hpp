// Connections of bytes between nodes: one goes with each ask, and the answer to that is its end.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/streams/byte_stream.hpp>
#include <troupe/topology/item.hpp>
#include <troupe/topology/parameter.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace troupe::topology {

class node;

/// The parameters of a kind that connects: `over`, `reset_every`, `reset_after`.
std::vector<parameter> connection_parameters();

/// Connects to one of those that it asks, each in turn, and uses this end while that one has the other: then the connection is
/// closed, or, where `use` has thrown, reset. Each so many-th is reset by itself, as the node's parameters say.
///
/// @suspends until both have ended it
/// @cancel   it is reset
/// @throws   what `use` throws; as `node::ask`; `connect_error`
task<> connect(node& here, item what, std::function<task<>(byte_stream&)> use);

/// The end that has come with an ask. Empty: who connected has given up.
std::optional<byte_stream> take_connection(node& here, const item& what);

/// Passes on what each of two streams says, until both have ended. A connection that is lost on one side is reset on the
/// other: nobody takes what came for the whole.
///
/// @param count  is told of the bytes of each step
/// @suspends     until both directions have ended
/// @throws       `peer_reset`: one side was lost
task<> pass_both_ways(byte_stream& near, byte_stream& far, const std::function<void(std::size_t)>& count);

} // namespace troupe::topology
