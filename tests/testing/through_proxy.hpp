// A connection through a fault proxy, for tests of it and of what it does to others.

#pragma once

#include <tests/streams/sockets.hpp>

#include <troupe/scope/task_group.hpp>
#include <troupe/testing/fault_proxy.hpp>

#include <utility>

namespace troupe::tests {

/// Calls `function` with a listener and a proxy before it, which then is stopped.
template <class Function>
task<> before_a_listener(proxy_options options, const Function& function) {
  listener at = listening(family::tcp);
  fault_proxy proxy{at.address(), at.port(), options};
  co_await in_task_group([&](task_group& group) -> task<> {
    child<> running = group.start([&]() -> task<> { co_await proxy.run(); });
    co_await function(proxy, at);
    running.cancel();
  });
  if (proxy.statistics().open != 0)
    throw std::logic_error("a proxy that has ended has connections");
}
template <class Function>
void with_a_proxy(proxy_options options, Function function) {
  on_sockets([&]() -> task<> { co_await before_a_listener(options, function); });
}

inline task<byte_stream> client_of(const fault_proxy& proxy) { return connect_tcp("127.0.0.1", proxy.port()); }

inline task<stream_pair> connected_through(const fault_proxy& proxy, listener& targets) {
  byte_stream client = co_await client_of(proxy);
  byte_stream target = co_await targets.accept();
  co_return stream_pair{std::move(client), std::move(target)};
}

/// The same with a connection through it: `function` gets the proxy, the client's end as the first and the target's.
template <class Function>
void through_a_proxy(proxy_options options, Function function) {
  with_a_proxy(options, [&](fault_proxy& proxy, listener& at) -> task<> {
    stream_pair ends = co_await connected_through(proxy, at);
    co_await function(proxy, ends);
  });
}

} // namespace troupe::tests
