#include <troupe/streams/tls.hpp>

#include "certificates.hpp"

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

tls_client client_that_trusts(const std::string& authority) { return tls_client{{.authorities_file = authority}}; }
tls_server a_server() {
  return tls_server{{.certificate_file = test_certificates().server(), .key_file = test_certificates().server_key()}};
}

/// What has come of both sides of a handshake.
struct handshakes {
  std::optional<byte_stream> client;
  std::optional<byte_stream> server;
  std::string client_error;
  std::string server_error;
};

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& what) {
    return what.what();
  }
}

task<> shake(task<byte_stream> hands, std::optional<byte_stream>& made, std::string& error) {
  outcome<byte_stream> ended = co_await as_outcome(std::move(hands));
  if (ended.has_error())
    error = text_of(ended.error());
  else
    made.emplace(std::move(ended).value());
}

task<> connect(stream_pair& ends, const tls_client& client, const tls_server& server, handshakes& to,
               std::string name = "server.test") {
  co_await in_task_group([&](task_group& group) {
    group.start(shake, client.connect(std::move(ends.first), name), std::ref(to.client), std::ref(to.client_error));
    group.start(shake, server.accept(std::move(ends.second)), std::ref(to.server), std::ref(to.server_error));
  });
}

template <class Function>
void simulated_run(Function function) {
  simulator simulated{in_any_order()};
  simulated.run(function).value();
}

handshakes shaken(const tls_client& client, const tls_server& server, const std::string& name) {
  handshakes both;
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    stream_pair ends = pipe_pair();
    co_await connect(ends, client, server, both, name);
    both.client.reset();
    both.server.reset();
  };
  simulated.run(run).value();
  return both;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

const std::string long_text(100'000, 'x');

} // namespace

TEST_CASE("what is written over TLS is read on the other side, and its end", "[streams][tls]") {
  const tls_client client = client_that_trusts(test_certificates().authority());
  const tls_server server = a_server();
  simulated_run([&]() -> task<> {
    stream_pair ends = pipe_pair({.capacity = 1'000, .high_water = 700});
    handshakes both;
    co_await connect(ends, client, server, both);
    REQUIRE(both.client_error + both.server_error == "");
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await both.client->write("hello\n");
        co_await both.client->write(long_text);
        both.client->shutdown_write();
        const std::string answer = co_await both.client->read_to_end(100);
        CHECK(answer == "good bye");
        const std::size_t lost = co_await both.client->close(1s);
        CHECK(lost == 0);
      });
      group.start([&]() -> task<> {
        const std::string line = co_await both.server->read_until("\n", 10);
        CHECK(line == "hello\n");
        const std::string all = co_await both.server->read_to_end(200'000);
        CHECK(all == long_text);
        co_await both.server->write("good bye");
        co_await both.server->close(1s);
      });
    });
  });
}

TEST_CASE("a server that a client cannot trust is refused, and both sides are told why", "[streams][tls]") {
  const auto& files = test_certificates();
  {
    const handshakes both = shaken(client_that_trusts(files.authority()), a_server(), "other.test");
    CHECK(contains(both.client_error, "hostname mismatch"));
    CHECK(contains(both.server_error, "the TLS handshake has failed"));
  }
  {
    const handshakes both = shaken(client_that_trusts(files.other_authority()), a_server(), "server.test");
    CHECK(contains(both.client_error, "unable to get local issuer certificate"));
    CHECK(contains(both.server_error, "unknown ca"));
  }
  {
    const tls_server late{{.certificate_file = files.expired(), .key_file = files.expired_key()}};
    const handshakes both = shaken(client_that_trusts(files.authority()), late, "server.test");
    CHECK(contains(both.client_error, "certificate has expired"));
  }
  CHECK(shaken(client_that_trusts(files.authority()), a_server(), "127.0.0.1").client_error == "");
  CHECK(contains(shaken(client_that_trusts(files.authority()), a_server(), "127.0.0.2").client_error, "mismatch"));
}

TEST_CASE("a file that cannot be read is named, with what the system says of it", "[streams][tls]") {
  const auto& files = test_certificates();
  const auto says = [](const auto& make) -> std::string {
    try {
      make();
    } catch (const tls_error& error) {
      return error.what();
    }
    return "nothing";
  };
  CHECK(says([] { client_that_trusts("/no/such.pem"); }) ==
        "cannot read authorities from \"/no/such.pem\": No such file or directory");
  CHECK(contains(says([&] { tls_server{{.certificate_file = "/no/such.pem", .key_file = files.server_key()}}; }),
                 "\"/no/such.pem\": No such file or directory"));
  CHECK(contains(says([&] { tls_server{{.certificate_file = files.server(), .key_file = "/no/such.key"}}; }),
                 ": No such file or directory"));
}

TEST_CASE("a client must show a certificate where the server wants one", "[streams][tls]") {
  const auto& files = test_certificates();
  const tls_server strict{{.certificate_file = files.server(),
                           .key_file = files.server_key(),
                           .client_authorities_file = files.authority()}};
  const tls_client known{
      {.authorities_file = files.authority(), .certificate_file = files.client(), .key_file = files.client_key()}};
  const handshakes shown = shaken(known, strict, "server.test");
  CHECK(shown.client_error + shown.server_error == "");
  const handshakes hidden = shaken(client_that_trusts(files.authority()), strict, "server.test");
  CHECK(contains(hidden.server_error, "peer did not return a certificate"));
}

TEST_CASE("files that are none, or do not belong together, are refused by name", "[streams][tls]") {
  const auto& files = test_certificates();
  CHECK_THROWS_WITH(client_that_trusts("/nowhere.pem"), ContainsSubstring("/nowhere.pem"));
  CHECK_THROWS_WITH((tls_server{{.certificate_file = "/nowhere.pem", .key_file = files.server_key()}}),
                    ContainsSubstring("/nowhere.pem"));
  CHECK_THROWS_WITH((tls_server{{.certificate_file = files.server(), .key_file = files.client_key()}}),
                    ContainsSubstring(files.client_key()) && ContainsSubstring("key values mismatch"));
}

TEST_CASE("what is no TLS fails the handshake, and a handshake that is cancelled resets the connection",
          "[streams][tls]") {
  const tls_server server = a_server();
  simulated_run([&]() -> task<> {
    stream_pair ends = pipe_pair();
    co_await ends.first.write("GET / HTTP/1.1\r\n\r\n");
    const auto refused = co_await as_outcome(server.accept(std::move(ends.second)));
    REQUIRE(refused.has_error());
    CHECK(contains(text_of(refused.error()), "the TLS handshake has failed"));
    stream_pair others = pipe_pair();
    const auto none = co_await move_on_after(1s, server.accept(std::move(others.second)));
    CHECK_FALSE(none);
    const auto gone = co_await as_outcome(others.first.read_exactly(1));
    CHECK(gone.has_error());
  });
}

TEST_CASE("a connection goes over to TLS in its middle, also with bytes that have come ahead",
          "[streams][tls][ST-045][ST-046]") {
  const tls_client client = client_that_trusts(test_certificates().authority());
  const tls_server server = a_server();
  simulated_run([&]() -> task<> {
    stream_pair ends = pipe_pair();
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await ends.first.write("start\n"); // and the hello of TLS right behind it
        byte_stream over = co_await client.connect(std::move(ends.first), "server.test");
        co_await write_line(over, "secret");
        co_await over.close(1s);
      });
      group.start([&]() -> task<> {
        const std::string line = co_await ends.second.read_until("\n", 10);
        CHECK(line == "start\n");
        byte_stream over = co_await server.accept(std::move(ends.second));
        const std::string secret = co_await over.read_to_end(10);
        CHECK(secret == "secret\n");
      });
    });
  });
}

TEST_CASE("a fault at any byte of a TLS connection ends it in time, and what was cut off is never taken for the end",
          "[streams][tls][D6][PAT-4]") {
  const tls_client client = client_that_trusts(test_certificates().authority());
  const tls_server server = a_server();
  const auto exchange = [&](const pipe_options& options, std::string& come, std::string& error) -> task<> {
    stream_pair ends = pipe_pair(options);
    handshakes both;
    co_await connect(ends, client, server, both);
    if (!both.client || !both.server)
      co_return;
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        static_cast<void>(co_await as_outcome(both.client->write("0123456789")));
        static_cast<void>(co_await both.client->close(1s));
      });
      group.start([&]() -> task<> {
        outcome<std::string> all = co_await as_outcome(both.server->read_to_end(100));
        if (all.has_error())
          error = text_of(all.error());
        else
          come = all.value();
      });
    });
  };
  std::size_t whole = 0, cut = 0, cut_in_data = 0;
  for (const bool way_back : {false, true}) {
    const std::size_t all_bytes = way_back ? 730 : 460; // some more than there are, so the last ones harm nobody
    for (std::size_t at = 0; at < all_bytes; at += sanitized ? 13 : 1)
      for (const int what : {0, 1, 2}) {
        pipe_options options{.capacity = 300, .high_water = 300};
        pipe_faults& faults = way_back ? options.second_to_first : options.first_to_second;
        (what == 0 ? faults.resets_at : what == 1 ? faults.ends_at : faults.stalls_at) = at;
        std::string come, error;
        simulator simulated{{.seed = at}};
        const auto run = [&]() -> task<> {
          static_cast<void>(co_await as_outcome(fail_after(10s, exchange(options, come, error))));
        };
        simulated.run(run).value();
        INFO("fault " << what << " at byte " << at);
        REQUIRE((come == "" || come == "0123456789"));
        ++(come.empty() ? cut : whole);
        cut_in_data += what == 1 && contains(error, "ended without a word") ? 1 : 0;
        if (at + 10 > all_bytes)
          CHECK(come == "0123456789");
      }
  }
  CHECK(whole > (sanitized ? 5U : 10U));
  CHECK(cut > 100);
  CHECK(cut_in_data > 1);
}
