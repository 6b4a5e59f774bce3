#include <troupe/streams/tls.hpp>
#include <troupe/streams/tls_transport.hpp>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <climits>
#include <new>
#include <system_error>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t record_max = 16'384;          // bytes of a record, before it is encrypted
constexpr std::size_t answers_max = 2 * record_max; // beyond the mark: more than a record of ours, some 1,200 new keys

int clipped_size(std::size_t bytes) noexcept { return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX)); }

BIO* memory() {
  BIO* const made = BIO_new(BIO_s_mem());
  if (made == nullptr)
    throw std::bad_alloc();
  return made;
}

} // namespace

std::string openssl_says(const char* otherwise) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) // which it has no text for
    return std::generic_category().message(ERR_GET_REASON(code));
  const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : otherwise;
}

tls_transport::tls_transport(std::unique_ptr<transport> below, std::unique_ptr<SSL, ssl_deleter> tls,
                             std::span<const std::byte> ahead)
    : below_(std::move(below)), tls_(std::move(tls)), come_(memory()), leave_(memory()) {
  SSL_set_bio(tls_.get(), come_, leave_); // takes both
  if (!ahead.empty())
    keep(ahead);
}

/// For OpenSSL to read.
void tls_transport::keep(std::span<const std::byte> come) {
  if (BIO_write(come_, come.data(), static_cast<int>(come.size())) != static_cast<int>(come.size()))
    throw std::bad_alloc(); // there is no other reason
}

moved::state tls_transport::pull() {
  std::array<std::byte, record_max> some;
  const moved came = below_->read_now(some);
  if (came.bytes == 0)
    return came.how;
  keep(std::span{some}.first(came.bytes));
  return moved::state::fine;
}

moved::state tls_transport::push() {
  char* bytes = nullptr;
  const long pending = BIO_get_mem_data(leave_, &bytes);
  if (pending <= 0)
    return moved::state::fine;
  const moved went = below_->push_now({reinterpret_cast<const std::byte*>(bytes), static_cast<std::size_t>(pending)});
  static_cast<void>(BIO_reset(leave_));
  return went.how;
}

bool tls_transport::push_answers() {
  const std::size_t answers = BIO_ctrl_pending(leave_);
  if (answers == 0)
    return true;
  if (below_->write_now({}).how == moved::state::waits) {
    const std::size_t unsent = below_->unsent();
    if (at_mark_ == 0)
      at_mark_ = unsent;
    if (unsent + answers > at_mark_ + answers_max) {
      static_cast<void>(BIO_reset(leave_));
      return false;
    }
  } else {
    at_mark_ = 0;
  }
  static_cast<void>(push());
  return true;
}

moved tls_transport::failed(const char* otherwise) {
  has_failed_ = true;
  why_ = openssl_says(otherwise);
  static_cast<void>(push()); // it may have an alert for the other side
  return {0, moved::state::reset};
}

std::string tls_transport::why_reset() const {
  const std::lock_guard held{lock_};
  return has_failed_ ? "TLS: " + why_ : below_->why_reset();
}

tls_transport::handshake tls_transport::shake_hands() {
  const std::lock_guard held{lock_};
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(tls_.get());
    const int how = SSL_get_error(tls_.get(), done);
    if (done != 1 && how != SSL_ERROR_WANT_READ) {
      const long verified = SSL_get_verify_result(tls_.get());
      failed("the handshake has failed");
      throw tls_error("the TLS handshake has failed: " + why_ +
                      (verified != X509_V_OK ? std::string(": ") + X509_verify_cert_error_string(verified) : ""));
    }
    if (push() == moved::state::reset)
      throw tls_error("the connection was lost in the TLS handshake: " + below_->why_reset());
    if (done == 1)
      return handshake::done;
    switch (pull()) {
    case moved::state::fine:
      break;
    case moved::state::waits:
      return handshake::waits;
    case moved::state::ended:
    case moved::state::closed:
      throw tls_error("the other side has ended the connection in the TLS handshake");
    case moved::state::reset:
      throw tls_error("the connection was lost in the TLS handshake: " + below_->why_reset());
    }
  }
}

moved tls_transport::read_now(std::span<std::byte> to) {
  const std::lock_guard held{lock_};
  if (has_failed_)
    return {0, moved::state::reset};
  if (reads_no_more_)
    return {0, moved::state::ended};
  for (;;) {
    ERR_clear_error();
    const int bytes = SSL_read(tls_.get(), to.data(), clipped_size(to.size()));
    const int how = SSL_get_error(tls_.get(), bytes);
    if (!push_answers())
      return failed("the other side asks for one answer after the other, and reads none");
    if (bytes > 0)
      return {static_cast<std::size_t>(bytes), moved::state::fine};
    if (how == SSL_ERROR_ZERO_RETURN)
      return {0, moved::state::ended};
    if (how != SSL_ERROR_WANT_READ)
      return failed("what has come makes no sense");
    const moved::state came = pull();
    if (came == moved::state::ended)
      return failed("the connection has ended without a word: what was to come may have been cut off");
    if (came != moved::state::fine)
      return {0, came};
  }
}

moved tls_transport::write_now(std::span<const std::byte> from) { return write(from, false); }
moved tls_transport::push_now(std::span<const std::byte> from) { return write(from, true); }

moved tls_transport::write(std::span<const std::byte> from, bool beyond_the_mark) {
  const std::lock_guard held{lock_};
  if (has_failed_)
    return {0, moved::state::reset};
  std::size_t accepted = 0;
  do {
    const moved room = below_->write_now({}); // a record at a time, while there is any
    if (room.how != moved::state::fine && !(beyond_the_mark && room.how == moved::state::waits))
      return {accepted, room.how};
    if (from.empty())
      break;
    ERR_clear_error();
    const std::size_t record = std::min(from.size() - accepted, record_max);
    const int bytes = SSL_write(tls_.get(), from.data() + accepted, static_cast<int>(record));
    if (bytes <= 0) {
      failed("cannot write");
      return {accepted, moved::state::reset};
    }
    accepted += static_cast<std::size_t>(bytes);
    const moved::state went = push();
    if (went != moved::state::fine)
      return {accepted, went};
  } while (accepted < from.size());
  return {accepted, moved::state::fine};
}

/// Tells the other side that this one has ended, so that it need not take that for a cut.
void tls_transport::say_goodbye() noexcept {
  const std::lock_guard held{lock_};
  if (has_failed_)
    return;
  ERR_clear_error();
  static_cast<void>(SSL_shutdown(tls_.get())); // 0: sent. Nobody waits for an answer
  static_cast<void>(push());
}

void tls_transport::end_reading() noexcept {
  {
    const std::lock_guard held{lock_};
    reads_no_more_ = true;
  }
  below_->end_reading();
}

void tls_transport::end_writing() noexcept {
  say_goodbye();
  below_->end_writing();
}

void tls_transport::begin_closing() noexcept {
  say_goodbye();
  below_->begin_closing();
}

} // namespace troupe::detail
