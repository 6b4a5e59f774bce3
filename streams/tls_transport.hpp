// A transport that encrypts for the one below it.

#pragma once

#include <troupe/streams/byte_buffer.hpp>
#include <troupe/streams/transport.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>

namespace troupe::detail {

struct ssl_deleter {
  void operator()(SSL* of) const noexcept { SSL_free(of); }
  void operator()(SSL_CTX* of) const noexcept { SSL_CTX_free(of); }
};

/// The oldest of OpenSSL's errors of this thread, in words, and forgets all of them; `otherwise` where there is none.
std::string openssl_says(const char* otherwise);

/// OpenSSL reads from one buffer in memory and writes to another; what lies there is passed on at once: what it has
/// written is pushed down in whole records, so that nothing is left here which nobody would send. So a wait for this one
/// is one for the transport below.
class tls_transport final : public transport {
public:
  /// @param ahead  bytes that have come from below already
  tls_transport(std::unique_ptr<transport> below, std::unique_ptr<SSL, ssl_deleter> tls,
                std::span<const std::byte> ahead);

  enum class handshake : std::uint8_t { done, waits };
  /// As far as it goes now.
  ///
  /// @throws tls_error
  handshake shake_hands();

  moved read_now(std::span<std::byte> to) override;
  moved write_now(std::span<const std::byte> from) override;
  moved push_now(std::span<const std::byte> from) override;
  std::size_t unsent() const noexcept override { return below_->unsent(); }
  void end_reading() noexcept override;
  void end_writing() noexcept override;
  void begin_closing() noexcept override;
  moved drop_now() override { return below_->drop_now(); } // whatever it would have been
  void close(bool resets) noexcept override { below_->close(resets); }
  std::string why_reset() const override;
  void enter(transport_wait& wait) override { below_->enter(wait); }
  void leave(transport_wait& wait) noexcept override { below_->leave(wait); }

  std::string describe() const override { return "TLS over " + below_->describe(); }
  std::uint64_t number() const noexcept override { return below_->number(); }

private:
  void keep(std::span<const std::byte> come);
  /// What came from below; `fine`: some did.
  moved::state pull();
  moved::state push();
  /// What OpenSSL answers to what has come, such as a new key, goes beyond the mark: a wait for room would have nobody
  /// read meanwhile. False: too much has, and the other side takes none of it.
  bool push_answers();
  void say_goodbye() noexcept;
  moved failed(const char* otherwise);
  moved write(std::span<const std::byte> from, bool beyond_the_mark);

  const std::unique_ptr<transport> below_;
  mutable std::mutex lock_; // of a reader and a writer, who share what OpenSSL has
  const std::unique_ptr<SSL, ssl_deleter> tls_;
  BIO* come_ = nullptr;     // of tls_
  BIO* leave_ = nullptr;    // the same
  std::size_t at_mark_ = 0; // unsent below when answers began to find no room; 0: there is room
  bool reads_no_more_ = false;
  bool has_failed_ = false;
  std::string why_;
};

} // namespace troupe::detail
