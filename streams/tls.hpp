// TLS above any stream: what is written is encrypted, and who is on the other side is verified.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/streams/byte_stream.hpp>

#include <memory>
#include <string>

namespace troupe {

namespace detail {
class tls_context;
}

/// TLS could not be set up, or the handshake has failed: `what()` says why, and of a certificate what is wrong with it.
class tls_error : public stream_error {
  using stream_error::stream_error;
};

struct tls_client_options {
  /// Authorities that it trusts, a file of PEM. Empty: those of the system.
  std::string authorities_file = {};
  /// Its own certificate, with what leads to an authority, and the key of that; files of PEM. Empty: it shows none.
  std::string certificate_file = {};
  std::string key_file = {};
};

/// What a client trusts, and who it is. Read once, and shared by all of its connections.
///
/// TLS 1.2 and 1.3, with OpenSSL. Certificates are verified, with their names; there is no way to do without that: a
/// test makes its own authority and trusts that.
class tls_client {
public:
  /// @throws tls_error  a file cannot be read, or is none
  explicit tls_client(const tls_client_options& from = {});

  /// Makes a connection that is encrypted out of one that is not.
  ///
  /// @param over  nothing was read from or written to it, unless both sides have agreed on that
  /// @param name  of the server, which its certificate must be for: a host's name or an address
  /// @suspends until the handshake is done
  /// @cancel   the connection is reset
  /// @throws   `tls_error`; what a stream throws
  task<byte_stream> connect(byte_stream over, std::string name) const;

private:
  std::shared_ptr<detail::tls_context> context_;
};

struct tls_server_options {
  /// Its certificate, with what leads to an authority, and the key of that; files of PEM.
  std::string certificate_file;
  std::string key_file;
  /// Where it is not empty, clients must show a certificate of one of these authorities: mutual TLS.
  std::string client_authorities_file = {};
};

/// Who a server is, and whom it trusts. Read once, and shared by all of its connections.
class tls_server {
public:
  /// @throws tls_error  a file cannot be read, or is none, or the key is of another certificate
  explicit tls_server(const tls_server_options& from);

  /// As `tls_client::connect`, for the other side. Limit its time: a client may never begin.
  task<byte_stream> accept(byte_stream over) const;

private:
  std::shared_ptr<detail::tls_context> context_;
};

} // namespace troupe
