#include <troupe/streams/tls_transport.hpp>

#include "certificates.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/streams/error_of.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/streams/tls.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;

namespace {

/// A client on OpenSSL itself, which does what ours never would.
class wilful_client {
public:
  explicit wilful_client(byte_stream& over)
      : over_(over), context_(SSL_CTX_new(TLS_client_method())), tls_(SSL_new(context_.get())),
        come_(BIO_new(BIO_s_mem())), leave_(BIO_new(BIO_s_mem())) {
    SSL_set_bio(tls_.get(), come_, leave_); // takes both
    SSL_set_connect_state(tls_.get());
  }

  task<> shake_hands() {
    while (SSL_do_handshake(tls_.get()) != 1) {
      co_await send();
      co_await hear();
    }
    co_await send();
  }
  /// Has a new key, and wants one of the other side.
  void ask_for_a_key() {
    if (SSL_key_update(tls_.get(), SSL_KEY_UPDATE_REQUESTED) != 1 || SSL_do_handshake(tls_.get()) != 1)
      throw std::logic_error("no new key");
  }
  void say(const std::string& what) { SSL_write(tls_.get(), what.data(), static_cast<int>(what.size())); }
  task<> send() {
    std::string bytes(static_cast<std::size_t>(BIO_pending(leave_)), '\0');
    BIO_read(leave_, bytes.data(), static_cast<int>(bytes.size()));
    co_await over_.write(bytes);
  }
  /// Reads what has come, and drops what is for us of it.
  task<> hear() {
    std::array<std::byte, 4'096> some{};
    const std::size_t bytes = co_await over_.read_some(some);
    BIO_write(come_, some.data(), static_cast<int>(bytes));
    while (SSL_read(tls_.get(), some.data(), static_cast<int>(some.size())) > 0) {
    }
  }

private:
  byte_stream& over_;
  std::unique_ptr<SSL_CTX, detail::ssl_deleter> context_;
  std::unique_ptr<SSL, detail::ssl_deleter> tls_;
  BIO* come_;
  BIO* leave_;
};

constexpr std::size_t small_mark = 1'000, large_mark = 50'000;
constexpr std::size_t keys_at_once = 20;

/// A server that reads a byte, and a client of this kind.
template <class Client>
void beside_a_reader(simulator& simulated, Client client, std::function<task<>(byte_stream&)> reader,
                     std::size_t mark = small_mark) {
  const tls_server server{
      {.certificate_file = test_certificates().server(), .key_file = test_certificates().server_key()}};
  const auto run = [&]() -> task<> {
    stream_pair ends = pipe_pair({.capacity = mark, .high_water = mark});
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        byte_stream over = co_await server.accept(std::move(ends.second));
        co_await reader(over);
        over.abort();
      });
      group.start([&]() -> task<> {
        wilful_client asks{ends.first};
        co_await asks.shake_hands();
        co_await client(asks);
      });
    });
  };
  simulated.run(run).value();
}

} // namespace

TEST_CASE("who asks for new keys on and on, and reads none, is told off before that costs memory",
          "[streams][tls][D6][C10]") {
  std::size_t asked = 0;
  simulator simulated{in_any_order()};
  beside_a_reader(
      simulated,
      [&](wilful_client& asks) -> task<> {
        const auto asks_on = [&]() -> task<> {
          for (asked = 0; asked < 4'000; asked += keys_at_once) {
            for (std::size_t i = 0; i < keys_at_once; ++i)
              asks.ask_for_a_key();
            co_await asks.send();
          }
        };
        static_cast<void>(co_await as_outcome(asks_on())); // until it is reset
      },
      [](byte_stream& over) -> task<> {
        const auto refused = co_await error_of<peer_reset>(over.read_exactly(1));
        CHECK_THAT(refused.what(), ContainsSubstring("asks for one answer after the other, and reads none"));
        CHECK(over.statistics().bytes_unsent > small_mark);
        CHECK(over.statistics().bytes_unsent < small_mark + 5 * 16'384);
      });
  CHECK(asked < 4'000);
}

namespace {

task<> asks_and_reads(wilful_client& asks) {
  for (std::size_t asked = 0; asked < 2'000; asked += keys_at_once) {
    for (std::size_t i = 0; i < keys_at_once; ++i)
      asks.ask_for_a_key();
    co_await asks.send();
    co_await asks.hear();
  }
  asks.say("x");
  co_await asks.send();
}

task<> reads_one(byte_stream& over) {
  const std::string come = co_await over.read_exactly(1);
  CHECK(come == "x");
}

} // namespace

TEST_CASE("who asks for new keys and reads them may have as many as it likes", "[streams][tls][D6]") {
  simulator simulated{{.seed = 1}};
  beside_a_reader(simulated, asks_and_reads, reads_one);
}

TEST_CASE("new keys are no matter to who writes as fast as the other side reads", "[streams][tls][D6]") {
  std::uint64_t written = 0;
  simulator simulated{{.seed = 1}};
  beside_a_reader(
      simulated,
      [](wilful_client& asks) -> task<> {
        co_await asks_and_reads(asks);
        static_cast<void>(co_await as_outcome([&]() -> task<> {
          for (;;)
            co_await asks.hear();
        }()));
      },
      [&](byte_stream& over) -> task<> {
        co_await in_task_group([&](task_group& group) -> task<> {
          child<> writer = group.start([&]() -> task<> {
            const std::string some(20'000, 'x');
            for (;;)
              co_await over.write(some);
          });
          co_await reads_one(over);
          writer.cancel();
        });
        written = over.statistics().bytes_accepted;
      },
      large_mark);
  CHECK(written > 2 * large_mark);
}
