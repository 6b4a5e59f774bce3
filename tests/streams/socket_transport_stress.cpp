#include <troupe/streams/socket_transport.hpp>

#include <tests/streams/sockets.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>

#include <csignal>
#include <functional>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = 1'048'576;

task<> writes_for_ever(byte_stream& to) {
  const std::vector<std::byte> chunk(10'000);
  for (;;)
    co_await to.write(chunk);
}

bool sigpipe_is_pending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

task<> told_closed(task<> of, std::atomic<int>& told) {
  static_cast<void>(co_await error_of<stream_closed>(std::move(of)));
  ++told;
}
task<> reads_one(byte_stream& from) { co_await from.read_exactly(1); }

/// One waits to read and one to write, each until it is told that the stream was closed.
void start_waiting(task_group& group, byte_stream& over, std::atomic<int>& told) {
  group.start(told_closed, reads_one(over), std::ref(told));
  group.start(told_closed, writes_for_ever(over), std::ref(told));
}

} // namespace

TEST_CASE("a peer that does not read suspends the writer to a socket, whose memory stays bounded",
          "[streams][stress]") {
  constexpr std::size_t high_water = 20'000;
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair ends = co_await connected_pair(of, high_water);
      const auto ended = co_await move_on_after(300ms, writes_for_ever(ends.first));
      CHECK_FALSE(ended);
      const std::uint64_t accepted = ends.first.statistics().bytes_accepted;
      co_await sleep_for(50ms);
      CHECK(ends.first.statistics().bytes_unsent == high_water);
      CHECK(accepted < 32 * mebibyte);
      CHECK(ends.first.statistics().bytes_accepted == accepted);
      // It goes on as the peer reads, also without a fiber on this side.
      std::vector<std::byte> some(mebibyte);
      std::uint64_t come = 0;
      while (come < accepted)
        come += co_await ends.second.read_some(some);
      CHECK(come == accepted);
      CHECK(ends.first.statistics().bytes_unsent == 0);
    });
}

TEST_CASE("a close sends what was accepted, however slowly it is read, and then the end", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      constexpr std::size_t bytes = 20 * mebibyte; // more than the system keeps
      stream_pair ends = co_await connected_pair(of, bytes);
      const std::string all(bytes, 'x');
      const std::size_t accepted = co_await ends.first.write(all);
      CHECK(accepted == bytes);
      CHECK(ends.first.statistics().bytes_unsent != 0);
      std::size_t dropped = 1, come = 0;
      const auto closes = [&]() -> task<> { dropped = co_await ends.first.close(60s); };
      const auto reads = [&]() -> task<> {
        co_await sleep_for(20ms);
        std::vector<std::byte> some(100'000);
        for (std::size_t more = 1; more != 0; come += more)
          more = co_await ends.second.read_some(some);
      };
      co_await in_task_group([&](task_group& group) {
        group.start(closes);
        group.start(reads);
      });
      CHECK(dropped == 0);
      CHECK(come == bytes);
    });
}

TEST_CASE("a close whose limit passes drops what is unsent, and the other side sees a reset", "[streams][stress]") {
  on_sockets([]() -> task<> {
    stream_pair ends = co_await connected_pair(family::tcp, 20 * mebibyte);
    co_await ends.first.write(std::string(20 * mebibyte, 'x'));
    const std::size_t dropped = co_await ends.first.close(30ms);
    CHECK(dropped != 0);
    const auto lost = co_await error_of<peer_reset>(ends.second.read_to_end(40 * mebibyte));
    CHECK(std::string{lost.what()} == "Connection reset by peer");
  });
}

TEST_CASE("an abort resets a TCP connection, for who waits and for who comes later", "[streams][stress]") {
  on_sockets([]() -> task<> {
    for (const bool waits : {true, false}) {
      stream_pair ends = co_await connected_pair(family::tcp);
      co_await ends.first.write("word");
      const std::string word = co_await ends.second.read_exactly(4);
      CHECK(word == "word");
      std::string said;
      const auto reads = [&]() -> task<> {
        const auto lost = co_await error_of<peer_reset>(ends.second.read_exactly(1));
        said = lost.what();
      };
      co_await in_task_group([&](task_group& group) -> task<> {
        if (waits)
          group.start(reads);
        co_await sleep_for(10ms);
        ends.first.abort();
        co_await sleep_for(10ms);
        if (!waits)
          group.start(reads);
      });
      CHECK(said == "Connection reset by peer");
      const auto still = co_await error_of<peer_reset>(ends.second.write("x"));
      CHECK(still.bytes_accepted() == 0);
      const std::size_t dropped = co_await ends.second.close();
      CHECK(dropped == 0);
    }
  });
}

TEST_CASE("who writes to a peer that has gone gets peer_reset, and no signal", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair ends = co_await connected_pair(of);
      ends.second.abort();
      const auto write_twice = [&]() -> task<> {
        for (int i = 0; i < 100; ++i)
          co_await ends.first.write("x"); // the first may be on its way before the reset comes
      };
      const auto lost = co_await error_of<peer_reset>(write_twice());
      const bool had_signal = sigpipe_is_pending(); // of this thread, where the write was tried
      CHECK_FALSE(had_signal);
      CHECK_FALSE(std::string{lost.what()}.empty());
      CHECK(ends.first.describe().find("(reset)") != std::string::npos);
    });
}

TEST_CASE("a reset that a write has seen is no end for the reader that waits", "[streams][stress]") {
  for (int round = 0; round < 20; ++round)
    on_sockets([]() -> task<> {
      stream_pair ends = co_await connected_pair(family::tcp);
      int lost = 0;
      const auto reads = [&]() -> task<> {
        const auto ended = co_await as_outcome(ends.first.read_exactly(1));
        try {
          if (ended.has_error())
            std::rethrow_exception(ended.error());
        } catch (const peer_reset&) {
          ++lost;
        } catch (const stream_error&) {
        }
      };
      const auto writes = [&]() -> task<> { static_cast<void>(co_await as_outcome(writes_for_ever(ends.first))); };
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(reads);
        group.start(writes);
        co_await sleep_for(2ms);
        ends.second.abort();
      });
      CHECK(lost == 1);
    });
}

TEST_CASE("a cancel ends a read and a write that wait, and a read loses nothing by it", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair ends = co_await connected_pair(of);
      std::size_t right = 0;
      const auto sends = [&]() -> task<> {
        for (int i = 0; i < 200; ++i) {
          co_await ends.first.write("0123456789");
          co_await sleep_for(std::chrono::microseconds{i % 7 * 30});
        }
      };
      const auto receives = [&]() -> task<> {
        for (int i = 0; right < 200; ++i) { // a cancel at any moment
          const auto come =
              co_await move_on_after(std::chrono::microseconds{i % 20 * 10}, ends.second.read_exactly(10));
          right += come == "0123456789";
        }
      };
      co_await in_task_group([&](task_group& group) {
        group.start(sends);
        group.start(receives);
      });
      CHECK(right == 200);
      const auto none = co_await move_on_after(10ms, ends.second.read_exactly(1));
      CHECK_FALSE(none);
      const auto went = co_await move_on_after(100ms, writes_for_ever(ends.second));
      CHECK_FALSE(went);
    });
}

TEST_CASE("the end of a direction comes after all that was accepted for it", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      constexpr std::size_t bytes = 20 * mebibyte; // more than the system keeps
      stream_pair ends = co_await connected_pair(of, bytes);
      const std::string all(bytes, 'x');
      co_await ends.first.write(all);
      ends.first.shutdown_write();
      CHECK(ends.first.statistics().bytes_unsent != 0);
      const std::string come = co_await ends.second.read_to_end(bytes);
      const bool is_all = come == all;
      CHECK(is_all);
      co_await ends.second.write("seen");
      const std::string answer = co_await ends.first.read_exactly(4);
      CHECK(answer == "seen");
    });
}

TEST_CASE("who waits to read and to write is woken as a close begins, and the close by a reset", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      stream_pair ends = co_await connected_pair(of);
      std::atomic<int> told = 0, told_early = 0;
      std::size_t dropped = 0;
      const auto closes = [&]() -> task<> { dropped = co_await ends.first.close(50s); };
      co_await in_task_group([&](task_group& group) -> task<> {
        start_waiting(group, ends.first, told);
        co_await sleep_for(100ms);
        group.start(closes);
        co_await sleep_for(50ms);
        told_early = told.load();
        ends.second.abort();
      });
      CHECK(told_early == 2);
      CHECK(dropped == 65'536);
    });
}

TEST_CASE("a close at once wakes who waits to read and to write", "[streams][stress]") {
  for (const family of : families)
    for (const bool aborts : {false, true})
      on_sockets([&]() -> task<> {
        stream_pair ends = co_await connected_pair(of);
        std::atomic<int> told = 0;
        co_await in_task_group([&](task_group& group) -> task<> {
          start_waiting(group, ends.first, told);
          co_await sleep_for(100ms);
          if (aborts)
            ends.first.abort();
          else
            static_cast<void>(co_await ends.first.close(10ms));
        });
        CHECK(told == 2);
        CHECK(ends.first.statistics().bytes_unsent == 0);
      });
}
