#include <troupe/streams/byte_stream.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/streams/on_pipes.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

const std::string ten = "0123456789";

} // namespace

TEST_CASE("a write waits while what is unsent is at the high-water mark, and goes on as the peer reads",
          "[streams][D6]") {
  on_a_pipe({.capacity = 4, .high_water = 6}, [](stream_pair& ends) -> task<> {
    const std::size_t accepted = co_await ends.first.write(ten); // on either side as much as there may be
    CHECK(accepted == 10);
    CHECK(ends.first.statistics().bytes_unsent == 6);
    const auto more = co_await move_on_after(10min, ends.first.wait_writable());
    CHECK_FALSE(more);
    const std::string come = co_await ends.second.read_exactly(1);
    CHECK(come == "0");
    co_await ends.first.wait_writable();
    CHECK(ends.first.statistics().bytes_accepted == 10);
    CHECK(ends.second.statistics().bytes_read == 1);
  });
}

TEST_CASE("a peer that does not read suspends the writer, and those who send to it", "[streams][D6][C1]") {
  on_a_pipe({.capacity = 100, .high_water = 100}, [](stream_pair& ends) -> task<> {
    mailbox<std::string> box{capacity{3}};
    int sent = 0;
    const auto writes = [&, in = box.receiver()]() -> task<> {
      while (auto item = co_await in.receive())
        co_await ends.first.write(*item);
    };
    const auto sends = [&, out = box.sender()]() mutable -> task<> {
      for (; sent < 100; ++sent)
        co_await out.send(ten);
    };
    const auto ended = co_await move_on_after(10min, in_task_group([&](task_group& group) {
                                                group.start(writes);
                                                group.start(sends);
                                              }));
    CHECK_FALSE(ended);
    CHECK(sent == 20 + 1 + 3); // on their way, in the hand of the writer, in the mailbox
    CHECK(ends.first.statistics().bytes_accepted == 200);
  });
}

TEST_CASE("a write that is cancelled in its middle tears the stream, which says so and can only be closed",
          "[streams][D6]") {
  on_a_pipe({.capacity = 4, .high_water = 3}, [](stream_pair& ends) -> task<> {
    const auto written = co_await move_on_after(1s, ends.first.write(ten));
    CHECK_FALSE(written);
    CHECK(ends.first.statistics().bytes_accepted == 7);
    const stream_torn again = co_await error_of<stream_torn>(ends.first.write(ten));
    CHECK(again.bytes_accepted() == 7);
    CHECK(again.what() == std::string("a write was cancelled when 7 of its 10 bytes had been accepted: this stream can "
                                      "only be closed"));
    co_await error_of<stream_torn>(ends.first.read_exactly(1));
    co_await error_of<stream_torn>(ends.first.wait_writable());
    CHECK_THROWS_AS(ends.first.shutdown_write(), stream_torn);
    CHECK(ends.first.describe() == ends.first.name() + " (torn, 3 bytes unsent)");
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        const std::size_t lost = co_await ends.first.close(1s);
        CHECK(lost == 0);
      });
      group.start([&]() -> task<> {
        const std::string all = co_await ends.second.read_to_end(100);
        CHECK(all == "0123456");
      });
    });
  });
}

TEST_CASE("a write that is cancelled before anything of it was accepted changes nothing", "[streams][D6]") {
  on_a_pipe({.capacity = 4, .high_water = 6}, [](stream_pair& ends) -> task<> {
    co_await ends.first.write(ten);
    const auto written = co_await move_on_after(1s, ends.first.write("more"));
    CHECK_FALSE(written);
    const std::string come = co_await ends.second.read_exactly(10);
    CHECK(come == ten);
    co_await ends.first.write("!");
    const std::string last = co_await ends.second.read_exactly(1);
    CHECK(last == "!");
  });
}

TEST_CASE("a read that is cancelled takes nothing", "[streams][D6]") {
  on_a_pipe({}, [](stream_pair& ends) -> task<> {
    co_await ends.first.write("01234");
    const auto ten_bytes = co_await move_on_after(1s, ends.second.read_exactly(10));
    CHECK_FALSE(ten_bytes);
    const auto line = co_await move_on_after(1s, ends.second.read_until("\n", 100));
    CHECK_FALSE(line);
    const auto all = co_await move_on_after(1s, ends.second.read_to_end(100));
    CHECK_FALSE(all);
    co_await ends.first.write("56789");
    const std::string come = co_await ends.second.read_exactly(10);
    CHECK(come == ten);
  });
}

TEST_CASE("a reset surfaces with the bytes that were accepted, and each operation after it fails in the same way",
          "[streams][D6]") {
  on_a_pipe({.capacity = 4, .high_water = 3, .first_to_second = {.resets_at = 4}}, [](stream_pair& ends) -> task<> {
    const auto failed = co_await error_of<peer_reset>(ends.first.write(ten));
    CHECK(failed.bytes_accepted() >= 4);
    CHECK(failed.bytes_accepted() <= 7);
    for (int i = 0; i < 3; ++i) {
      const auto write = co_await error_of<peer_reset>(ends.first.write(ten));
      CHECK(write.bytes_accepted() == 0);
      co_await error_of<peer_reset>(ends.first.read_exactly(1));
      CHECK_THROWS_AS(ends.first.shutdown_write(), peer_reset);
    }
    const std::string come = co_await ends.second.read_exactly(4); // what had come before
    CHECK(come == "0123");
    co_await error_of<peer_reset>(ends.second.read_exactly(1));
    const std::size_t lost = co_await ends.first.close(1s);
    CHECK(lost == failed.bytes_accepted() - 4);
    co_await error_of<stream_closed>(ends.first.write(ten));
  });
}

TEST_CASE("a stream that was moved from counts as closed", "[streams][D6]") {
  on_a_pipe({}, [](stream_pair& ends) -> task<> {
    byte_stream moved = std::move(ends.first);
    byte_stream& from = ends.first;
    co_await moved.write("abc");
    CHECK_FALSE(from.is_open());
    CHECK_FALSE(from.at_end());
    CHECK_FALSE(from.has_ahead("\n"));
    CHECK(from.statistics().bytes_accepted == 0);
    CHECK(from.describe() == "a stream that was moved from");
    CHECK_THROWS_AS(from.read_exactly(1), stream_closed);
    CHECK_THROWS_AS(from.write("abc"), stream_closed);
    CHECK_THROWS_AS(from.shutdown_write(), stream_closed);
    from.end_reading();
    from.abort();
    const std::size_t lost = co_await from.close();
    CHECK(lost == 0);
    const std::string come = co_await ends.second.read_exactly(3);
    CHECK(come == "abc"); // the one that it was moved to is as it was
  });
}

TEST_CASE("a close sends what was accepted within its limit, and drops and counts the rest", "[streams][D6]") {
  on_a_pipe({.capacity = 4, .high_water = 100}, [](stream_pair& ends) -> task<> {
    co_await ends.first.write(ten);
    const std::size_t lost = co_await ends.first.close(1s);
    CHECK(lost == 6);
    const std::string come = co_await ends.second.read_exactly(4);
    CHECK(come == "0123");
    co_await error_of<peer_reset>(ends.second.read_exactly(1));
  });
  on_a_pipe({.capacity = 4, .high_water = 100}, [](stream_pair& ends) -> task<> {
    co_await ends.first.write(ten);
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        const std::size_t lost = co_await ends.first.close(1s);
        CHECK(lost == 0);
      });
      group.start([&]() -> task<> {
        co_await sleep_for(500ms);
        const std::string all = co_await ends.second.read_to_end(10);
        CHECK(all == ten);
      });
    });
    co_await error_of<peer_reset>(writes_on(ends.second));
  });
}

TEST_CASE("a close sends what was accepted, also with bytes that nobody has read on its own side", "[streams][D6]") {
  on_a_pipe({.capacity = 4, .high_water = 100}, [](stream_pair& ends) -> task<> {
    co_await ends.second.write("!!");
    co_await ends.first.write(ten);
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        const std::size_t lost = co_await ends.first.close(10min);
        CHECK(lost == 0);
      });
      group.start([&]() -> task<> {
        const std::string all = co_await ends.second.read_exactly(10);
        CHECK(all == ten);
      });
    });
    const time_source& clock = this_fiber::pointer()->runs_on().time();
    CHECK((clock.now() < instant{1min}));
  });
}

TEST_CASE("a stream may outlive the run in which it has stalled", "[streams]") {
  std::optional<stream_pair> kept;
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    kept.emplace(pipe_pair({.first_to_second = {.stalls_at = 3, .stalls_for = 5s}}));
    co_await kept->first.write("012345");
    const std::string come = co_await kept->second.read_exactly(6);
    CHECK(come == "012345");
    co_await kept->first.close(1s);
    co_await kept->second.close(1s);
  };
  simulated.run(run).value();
}

TEST_CASE("an abort drops what is unsent and resets the connection, and so does the destructor", "[streams][D6]") {
  for (const bool destroys : {false, true})
    on_a_pipe({.capacity = 4, .high_water = 100}, [&](stream_pair& ends) -> task<> {
      co_await ends.first.write(ten);
      if (destroys)
        const byte_stream gone = std::move(ends.first);
      else
        ends.first.abort();
      const std::string come = co_await ends.second.read_exactly(4);
      CHECK(come == "0123");
      co_await error_of<peer_reset>(ends.second.read_exactly(1));
    });
}

TEST_CASE("who waits in a read or a write of a stream that is closed hears of it", "[streams][D6]") {
  on_a_pipe({.capacity = 4, .high_water = 3}, [](stream_pair& ends) -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> { co_await error_of<stream_closed>(ends.first.read_exactly(1)); });
      group.start([&]() -> task<> {
        const auto closed = co_await error_of<stream_closed>(ends.first.write(ten));
        CHECK(closed.bytes_accepted() <= 7); // none, where it is closed before the write begins
      });
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        co_await ends.first.close(1s);
      });
    });
    CHECK_FALSE(ends.first.is_open());
  });
}

TEST_CASE("a stalled connection goes on when its time has come", "[streams]") {
  on_a_pipe({.first_to_second = {.stalls_at = 3, .stalls_for = 5s}}, [](stream_pair& ends) -> task<> {
    co_await ends.first.write(ten);
    const std::string come = co_await ends.second.read_exactly(3);
    CHECK(come == "012");
    const auto early = co_await move_on_after(4s, ends.second.read_exactly(7));
    CHECK_FALSE(early);
    const auto rest = co_await move_on_after(2s, ends.second.read_exactly(7));
    CHECK(rest == "3456789");
  });
  on_a_pipe({.first_to_second = {.stalls_at = 3, .stalls_for = 5s}}, [](stream_pair& ends) -> task<> {
    co_await ends.first.write(ten);
    ends.first.abort(); // and both go while it stalls
  });
}

TEST_CASE("a stream that is moved while a fiber waits for it goes on", "[streams]") {
  on_a_pipe({}, [](stream_pair& ends) -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        const std::string come = co_await ends.second.read_exactly(10);
        CHECK(come == ten);
      });
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        byte_stream moved = std::move(ends.second);
        co_await ends.first.write(ten);
        co_await sleep_for(1s);
        ends.second = std::move(moved);
      });
    });
  });
}
