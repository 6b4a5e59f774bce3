// asyncio's cases about connections, over TCP and Unix sockets.

#include <troupe/streams/socket.hpp>

#include <tests/catch.hpp>
#include <tests/conformance/encrypted.hpp>
#include <tests/streams/sockets.hpp>

#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> asks(byte_stream& over) {
  co_await over.write("GET / HTTP/1.0\r\n\r\n");
  const std::string status = co_await over.read_until("\r\n", 100);
  if (status != "HTTP/1.0 200 OK\r\n")
    throw std::logic_error("the first line is \"" + status + '"');
  const std::string rest = co_await over.read_to_end(100);
  if (rest != "\r\nTest message")
    throw std::logic_error("the rest is \"" + rest + '"');
  co_await over.close();
}

task<> answers(byte_stream& over) {
  co_await over.read_until("\r\n\r\n", 100);
  co_await over.write("HTTP/1.0 200 OK\r\n\r\nTest message");
  co_await over.close();
}

} // namespace

TEST_CASE("a client connects, asks, and reads a line and then the rest",
          "[conformance][stress][ST-001][ST-002][ST-003][ST-004]") {
  const tls_client client = trusting_client();
  const tls_server server = trusted_server();
  for (const family of : families)
    for (const bool is_encrypted : {false, true})
      on_sockets([&]() -> task<> {
        stream_pair ends = co_await connected_pair(of);
        if (is_encrypted)
          ends = co_await encrypted(std::move(ends), client, server);
        co_await in_task_group([&](task_group& group) {
          group.start(asks, std::ref(ends.first));
          group.start(answers, std::ref(ends.second));
        });
      });
}

TEST_CASE("a connection whose other side has gone without reading fails who reads", "[conformance][stress][ST-006]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair ends = co_await connected_pair(of);
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> { co_await error_of<peer_reset>(ends.first.read_exactly(1)); });
        group.start([&]() -> task<> {
          co_await ends.first.write("unread");
          ends.second.abort();
        });
      });
      co_await error_of<peer_reset>(ends.first.read_exactly(1));
    });
}

TEST_CASE("connects that fail leave nothing", "[conformance][stress][ST-074]") {
  on_sockets([]() -> task<> {
    std::uint16_t free_port = 0;
    {
      const listener at = listen_tcp("127.0.0.1", 0);
      free_port = at.port();
    }
    co_await error_of<connect_error>(connect_tcp("127.0.0.1", free_port));
    const std::size_t before = open_descriptors().sockets;
    for (int again = 0; again < 20; ++again) {
      co_await error_of<connect_error>(connect_tcp("localhost", free_port));
      co_await error_of<connect_error>(connect_unix("/tmp/no/such.socket"));
    }
    if (open_descriptors().sockets != before)
      throw std::logic_error("descriptors are left open");
  });
}
