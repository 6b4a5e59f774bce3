// Connections that are encrypted, with the certificates of the tests.

#pragma once

#include <tests/streams/certificates.hpp>

#include <troupe/scope/task_group.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/streams/tls.hpp>

#include <functional>
#include <optional>
#include <utility>

namespace troupe::tests {

inline tls_client trusting_client() { return tls_client{{.authorities_file = test_certificates().authority()}}; }
inline tls_server trusted_server() {
  return tls_server{{.certificate_file = test_certificates().server(), .key_file = test_certificates().server_key()}};
}

inline task<> keep(task<byte_stream> made, std::optional<byte_stream>& to) { to.emplace(co_await std::move(made)); }

/// Both ends of this connection, over TLS. The first one is the client's.
inline task<stream_pair> encrypted(stream_pair over, const tls_client& client, const tls_server& server) {
  std::optional<byte_stream> first, second;
  co_await in_task_group([&](task_group& group) {
    group.start(keep, client.connect(std::move(over.first), "server.test"), std::ref(first));
    group.start(keep, server.accept(std::move(over.second)), std::ref(second));
  });
  co_return stream_pair{std::move(*first), std::move(*second)};
}

} // namespace troupe::tests
