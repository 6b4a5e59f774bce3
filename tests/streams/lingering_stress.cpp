// A close while the other side still sends: what was sent last arrives, and the close stays bounded.

#include <troupe/streams/stream_state.hpp>

#include "certificates.hpp"

#include <tests/streams/sockets.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/tls.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = 1'048'576;

/// `first` has connected.
task<stream_pair> encrypted_over(stream_pair ends) {
  const tls_server shows{
      {.certificate_file = test_certificates().server(), .key_file = test_certificates().server_key()}};
  const tls_client trusts{{.authorities_file = test_certificates().authority()}};
  std::optional<byte_stream> first, second;
  const auto connects = [&]() -> task<> { first.emplace(co_await trusts.connect(std::move(ends.first), "127.0.0.1")); };
  const auto accepts = [&]() -> task<> { second.emplace(co_await shows.accept(std::move(ends.second))); };
  co_await in_task_group([&](task_group& group) {
    group.start(connects);
    group.start(accepts);
  });
  co_return stream_pair{std::move(*first), std::move(*second)};
}

/// Sends more than is read, and only then reads.
task<std::string> sends_and_reads(byte_stream& over, std::size_t bytes) {
  const std::string all(bytes, 'x');
  co_await over.write(all);
  std::string answer = co_await over.read_to_end(100);
  co_await over.close();
  co_return answer;
}

/// Closes it for a peer that it does not wait for, within the limit of `on_sockets`.
task<> closes_at_once(byte_stream& which) {
  const std::size_t dropped = co_await which.close(1h);
  CHECK(dropped == 0);
}

} // namespace

TEST_CASE("an answer that a close follows reaches who is still sending", "[streams][stress]") {
  for (const bool encrypted : {false, true})
    for (const bool reads_some : {true, false})
      on_sockets([&]() -> task<> {
        stream_pair ends = co_await connected_pair(family::tcp);
        if (encrypted)
          ends = co_await encrypted_over(std::move(ends));
        std::string got;
        const auto client = [&]() -> task<> { got = co_await sends_and_reads(ends.first, mebibyte / 2); };
        const auto server = [&]() -> task<> {
          if (reads_some)
            co_await ends.second.read_exactly(1);
          co_await ends.second.wait_writable();
          co_await sleep_for(1ms); // so that something has come, mostly
          co_await ends.second.write("an error");
          co_await closes_at_once(ends.second);
        };
        co_await in_task_group([&](task_group& group) {
          group.start(client);
          group.start(server);
        });
        CHECK(got == "an error");
      });
}

TEST_CASE("a close drops a mebibyte at most, and then resets", "[streams][stress]") {
  on_sockets([]() -> task<> {
    stream_pair ends = co_await connected_pair(family::tcp);
    std::uint64_t accepted = 0;
    const auto writes_for_ever = [&]() -> task<> {
      const std::string some(10'000, 'x');
      try {
        for (;;)
          accepted += co_await ends.first.write(some);
      } catch (const peer_reset&) {
      }
    };
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(writes_for_ever);
      co_await ends.second.read_exactly(1);
      co_await closes_at_once(ends.second);
    });
    CHECK(accepted >= mebibyte / 2);
  });
}

TEST_CASE("a close waits for who goes on sending no longer than its limit", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair ends = co_await connected_pair(of);
      co_await ends.first.write("never read");
      co_await ends.second.read_exactly(1);
      const instant began = this_fiber::pointer()->runs_on().time().now();
      const std::size_t dropped = co_await ends.second.close(50ms);
      const duration took = this_fiber::pointer()->runs_on().time().now() - began;
      CHECK(dropped == 0);
      CHECK(took >= 50ms);
      CHECK_FALSE(ends.second.is_open());
      const std::string end = co_await ends.first.read_to_end(10); // that came before
      CHECK(end.empty());
    });
}

TEST_CASE("a close that waits for who goes on sending ends at once by a cancel, an abort, an end or a reset",
          "[streams][stress]") {
  for (const family of : families)
    for (const int how : {0, 1, 2, 3})
      on_sockets([&]() -> task<> {
        stream_pair ends = co_await connected_pair(of);
        co_await ends.first.write("never read");
        co_await ends.second.read_exactly(1);
        co_await in_task_group([&](task_group& group) -> task<> {
          child<> closing = group.start(closes_at_once, std::ref(ends.second));
          const std::string end = co_await ends.first.read_to_end(10); // the close has begun
          CHECK(end.empty());
          if (how == 0)
            closing.cancel();
          else if (how == 1)
            ends.second.abort();
          else if (how == 2)
            ends.first.shutdown_write();
          else
            ends.first.abort();
        });
        CHECK_FALSE(ends.second.is_open());
      });
}

TEST_CASE("a close waits for nobody who has sent nothing more, or has ended", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair idle = co_await connected_pair(of);
      co_await idle.first.write("word");
      const std::string word = co_await idle.second.read_exactly(4);
      CHECK(word == "word");
      co_await closes_at_once(idle.second); // though the other side has not ended
      for (const bool reads_ahead : {true, false}) {
        stream_pair ended = co_await connected_pair(of);
        co_await ended.first.write("words");
        ended.first.shutdown_write();
        if (reads_ahead)
          co_await ended.second.read_exactly(1);
        co_await closes_at_once(ended.second);
      }
    });
}

TEST_CASE("a reader that waits is told of a close, and what comes then is dropped by that", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair ends = co_await connected_pair(of);
      std::string got;
      const auto reads = [&]() -> task<> {
        static_cast<void>(co_await error_of<stream_closed>(ends.second.read_exactly(1'000'000)));
      };
      const auto client = [&]() -> task<> { got = co_await sends_and_reads(ends.first, 100'000); };
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(reads);
        group.start(client);
        co_await sleep_for(1ms);
        co_await ends.second.write("bye");
        co_await ends.second.close(1s);
      });
      CHECK(got == "bye");
    });
}
