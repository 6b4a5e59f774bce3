#include <troupe/streams/socket.hpp>

#include <tests/streams/sockets.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>

#include <functional>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// The byte at a place of what goes one way.
std::byte byte_at(std::size_t place, std::uint64_t way) {
  return static_cast<std::byte>((place * 2'654'435'761U >> 13U) + way);
}

task<> writes(byte_stream& to, std::size_t bytes, std::uint64_t way) {
  seeded_random random{way};
  std::vector<std::byte> chunk;
  for (std::size_t sent = 0; sent < bytes;) {
    chunk.resize(std::min<std::size_t>(bytes - sent, 1 + random.below(random.below(4) == 0 ? 100'000 : 3'000)));
    for (std::size_t i = 0; i < chunk.size(); ++i)
      chunk[i] = byte_at(sent + i, way);
    sent += co_await to.write(chunk);
  }
  to.shutdown_write();
}

/// Counts those that are as they should be.
task<> reads(byte_stream& from, std::uint64_t way, std::size_t& right, std::size_t& all) {
  seeded_random random{way + 100};
  std::vector<std::byte> chunk;
  for (;;) {
    chunk.resize(1 + random.below(random.below(4) == 0 ? 100'000 : 3'000));
    const std::size_t came = co_await from.read_some(chunk);
    if (came == 0)
      co_return;
    for (std::size_t i = 0; i < came; ++i, ++all)
      right += chunk[i] == byte_at(all, way);
  }
}

task<> echoes(byte_stream stream) {
  std::vector<std::byte> some(1'000);
  for (;;) {
    const std::size_t came = co_await stream.read_some(some);
    if (came == 0)
      break;
    co_await stream.write(std::span{some}.first(came));
  }
  co_await stream.close();
}

task<> serves(listener& at, task_group& handlers, int connections) {
  for (; connections > 0; --connections) {
    byte_stream come = co_await at.accept();
    handlers.start(echoes, std::move(come));
  }
}

/// Sends so many messages, each once the one before has come back.
task<> plays(listener& at, int messages, std::atomic<int>& right) {
  byte_stream stream = co_await connected_to(at);
  for (int i = 0; i < messages; ++i) {
    const std::string message = std::to_string(i) + '\n';
    co_await stream.write(message);
    const std::string back = co_await stream.read_until("\n", 100);
    right += back == message;
  }
  co_await stream.close();
}

} // namespace

TEST_CASE("what is sent to an echo comes back, over TCP and Unix sockets", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      listener at = listening(of);
      CHECK(at.is_open());
      CHECK((at.port() != 0) == (of == family::tcp));
      std::atomic<int> right = 0;
      co_await in_task_group([&](task_group& group) {
        group.start(serves, std::ref(at), std::ref(group), 1);
        group.start(plays, std::ref(at), 100, std::ref(right));
      });
      CHECK(right == 100);
      CHECK(at.statistics().accepted == 1);
      CHECK(at.statistics().open == 0);
    });
}

TEST_CASE("no readiness is lost: many small messages go back and forth on many connections", "[streams][stress]") {
  const int messages = sanitized ? 300 : 2'000;
  for (const family of : families)
    for (const std::size_t threads : {1U, 2U, 4U})
      on_sockets(
          [&]() -> task<> {
            listener at = listening(of);
            std::atomic<int> right = 0;
            co_await in_task_group([&](task_group& group) {
              group.start(serves, std::ref(at), std::ref(group), 8);
              for (int i = 0; i < 8; ++i)
                group.start(plays, std::ref(at), messages, std::ref(right));
            });
            CHECK(right == 8 * messages);
          },
          threads);
}

TEST_CASE("a mebibyte goes each way at once, in chunks of any size, and arrives as it was sent", "[streams][stress]") {
  constexpr std::size_t bytes = 1'048'576;
  for (const family of : families)
    for (const std::size_t high_water : {std::size_t{1}, std::size_t{1'000}, std::size_t{65'536}})
      on_sockets([&]() -> task<> {
        stream_pair ends = co_await connected_pair(of, high_water);
        std::size_t right[2] = {}, all[2] = {};
        co_await in_task_group([&](task_group& group) {
          group.start(writes, std::ref(ends.first), bytes, 1U);
          group.start(writes, std::ref(ends.second), bytes, 2U);
          group.start(reads, std::ref(ends.second), 1U, std::ref(right[0]), std::ref(all[0]));
          group.start(reads, std::ref(ends.first), 2U, std::ref(right[1]), std::ref(all[1]));
        });
        for (const int way : {0, 1}) {
          CHECK(all[way] == bytes);
          CHECK(right[way] == bytes);
        }
        CHECK(ends.first.at_end());
      });
}

TEST_CASE("one direction of a socket ends, and the other goes on", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair ends = co_await connected_pair(of);
      co_await ends.first.write("question");
      ends.first.shutdown_write();
      const std::string question = co_await ends.second.read_to_end(100);
      CHECK(question == "question");
      co_await ends.second.write("answer");
      const std::size_t dropped = co_await ends.second.close();
      CHECK(dropped == 0);
      const std::string answer = co_await ends.first.read_to_end(100);
      CHECK(answer == "answer");
    });
}

TEST_CASE("a thousand connections are accepted, used and closed", "[streams][stress]") {
  const int connections = 1'000, at_once = 50;
  for (const family of : families)
    on_sockets([&]() -> task<> {
      listener at = listening(of);
      std::atomic<int> right = 0;
      const auto client = [&]() -> task<> {
        for (int i = 0; i < connections / at_once; ++i)
          co_await plays(at, 2, right);
      };
      co_await in_task_group([&](task_group& group) {
        group.start(serves, std::ref(at), std::ref(group), connections);
        for (int i = 0; i < at_once; ++i)
          group.start(client);
      });
      CHECK(right == 2 * connections);
      CHECK(at.statistics().accepted == static_cast<std::uint64_t>(connections));
      CHECK(at.statistics().open == 0);
    });
}

TEST_CASE("a name is looked up, and what has no address, or nobody behind it, says so", "[streams][stress]") {
  on_sockets([]() -> task<> {
    std::uint16_t free_port = 0;
    {
      listener at = listen_tcp("127.0.0.1", 0);
      free_port = at.port();
      byte_stream first = co_await connect_tcp("localhost", at.port());
      byte_stream second = co_await at.accept();
      co_await first.write("x");
      const std::string come = co_await second.read_exactly(1);
      CHECK(come == "x");
      CHECK(first.describe().find("127.0.0.1:" + std::to_string(free_port)) != std::string::npos);
      CHECK(second.describe().find("from 127.0.0.1:") != std::string::npos);
    }
    const std::string where = "127.0.0.1:" + std::to_string(free_port);
    const auto refused = co_await error_of<connect_error>(connect_tcp("127.0.0.1", free_port));
    CHECK(std::string{refused.what()} == "cannot connect to " + where + ": Connection refused");
    const auto unknown = co_await error_of<connect_error>(connect_tcp("no such host", 1));
    CHECK(std::string{unknown.what()}.starts_with("cannot connect to no such host:1: "));
    const auto missing = co_await error_of<connect_error>(connect_unix("/tmp/no/such.socket"));
    CHECK(std::string{missing.what()} == "cannot connect to /tmp/no/such.socket: No such file or directory");
    const auto long_path = co_await error_of<connect_error>(connect_unix(std::string(200, 'x')));
    CHECK(std::string{long_path.what()}.ends_with("File name too long"));
  });
}

TEST_CASE("a cancel ends a connect that waits, and leaves nothing", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      listener at = listening(of, {.backlog = 1});
      std::vector<byte_stream> waiting; // in the backlog
      bool was_cancelled = false;
      const std::size_t before = open_descriptors().sockets;
      while (!was_cancelled && waiting.size() < 20) {
        auto more = co_await move_on_after(200ms, connected_to(at));
        if (more)
          waiting.push_back(std::move(*more));
        else
          was_cancelled = true;
      }
      CHECK(was_cancelled);
      CHECK(open_descriptors().sockets == before + waiting.size());
    });
}
