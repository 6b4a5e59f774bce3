#include <troupe/streams/stream_state.hpp>
#include <troupe/streams/tls.hpp>
#include <troupe/streams/tls_transport.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

namespace troupe {

namespace detail {

class tls_context {
public:
  explicit tls_context(const SSL_METHOD* method) : context_(SSL_CTX_new(method)) {
    if (context_ == nullptr)
      throw tls_error("TLS cannot be set up: " + openssl_says("OpenSSL does not say why"));
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                         SSL_MODE_RELEASE_BUFFERS); // an idle connection has none
    // A ticket that a client never reads would reset the connection of one that only writes, and then closes.
    SSL_CTX_set_num_tickets(context_.get(), 0);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
  }

  void trust(const std::string& file) {
    if (SSL_CTX_load_verify_locations(context_.get(), file.c_str(), nullptr) != 1)
      throw tls_error("cannot read authorities from \"" + file + "\": " + openssl_says("it has none"));
  }
  void trust_the_system() {
    if (SSL_CTX_set_default_verify_paths(context_.get()) != 1)
      throw tls_error("cannot find the authorities that the system trusts: " + openssl_says("it has none"));
  }
  void show(const std::string& certificate_file, const std::string& key_file) {
    if (SSL_CTX_use_certificate_chain_file(context_.get(), certificate_file.c_str()) != 1)
      throw tls_error("cannot read a certificate from \"" + certificate_file + "\": " + openssl_says("it has none"));
    if (SSL_CTX_use_PrivateKey_file(context_.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1)
      throw tls_error("cannot use the key in \"" + key_file + "\" for the certificate in \"" + certificate_file +
                      "\": " + openssl_says("it has none"));
  }
  void verify(int mode) { SSL_CTX_set_verify(context_.get(), mode, nullptr); }

  std::unique_ptr<SSL, ssl_deleter> connection() const {
    std::unique_ptr<SSL, ssl_deleter> made{SSL_new(context_.get())};
    if (made == nullptr)
      throw tls_error("a TLS connection cannot be set up: " + openssl_says("there is no memory"));
    return made;
  }

private:
  std::unique_ptr<SSL_CTX, ssl_deleter> context_;
};

namespace {

/// The certificate must be for this one.
void expect_name(SSL* of, const std::string& name) {
  X509_VERIFY_PARAM* const asked = SSL_get0_param(of);
  if (X509_VERIFY_PARAM_set1_ip_asc(asked, name.c_str()) == 1)
    return;
  X509_VERIFY_PARAM_set_hostflags(asked, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set1_host(of, name.c_str()) != 1 || SSL_set_tlsext_host_name(of, name.c_str()) != 1)
    throw tls_error('"' + name + "\" is no name of a server");
}

task<byte_stream> encrypted(byte_stream over, std::unique_ptr<SSL, ssl_deleter> tls) {
  taken_apart below{std::move(over)};
  auto made = std::make_unique<tls_transport>(std::move(below.over), std::move(tls), below.ahead.bytes());
  tls_transport& link = *made;
  byte_stream whole{std::move(made)}; // resets the connection where the handshake fails or is stopped
  while (link.shake_hands() == tls_transport::handshake::waits)
    co_await transport_wait{link, readiness::to_read};
  co_return whole;
}

} // namespace

} // namespace detail

tls_client::tls_client(const tls_client_options& from)
    : context_(std::make_shared<detail::tls_context>(TLS_client_method())) {
  if (from.authorities_file.empty())
    context_->trust_the_system();
  else
    context_->trust(from.authorities_file);
  if (!from.certificate_file.empty())
    context_->show(from.certificate_file, from.key_file);
  context_->verify(SSL_VERIFY_PEER);
}

task<byte_stream> tls_client::connect(byte_stream over, std::string name) const {
  auto tls = context_->connection();
  detail::expect_name(tls.get(), name);
  SSL_set_connect_state(tls.get());
  co_return co_await detail::encrypted(std::move(over), std::move(tls));
}

tls_server::tls_server(const tls_server_options& from)
    : context_(std::make_shared<detail::tls_context>(TLS_server_method())) {
  context_->show(from.certificate_file, from.key_file);
  if (from.client_authorities_file.empty())
    return;
  context_->trust(from.client_authorities_file);
  context_->verify(SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
}

task<byte_stream> tls_server::accept(byte_stream over) const {
  auto tls = context_->connection();
  SSL_set_accept_state(tls.get());
  co_return co_await detail::encrypted(std::move(over), std::move(tls));
}

} // namespace troupe
