// asyncio's cases about streams that are closed or dropped, and about who waits to write.

#include <tests/streams/on_pipes.hpp>

#include <tests/simulation/seeded_runs.hpp>

#include <troupe/mailbox/mailbox.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> closes(byte_stream& which, duration limit = 1s) {
  const std::size_t dropped = co_await which.close(limit);
  CHECK(dropped == 0);
}

template <class Error>
task<> fails_with(byte_stream& over) {
  co_await error_of<Error>(over.read_exactly(1));
}

std::string text_of(const byte_stream& stream) { // without its number
  const std::string text = stream.describe();
  return text.substr(text.find('('));
}

/// How many bytes went with streams that were closed at once.
class closes_seen final : public event_sink {
public:
  bool takes_details() const noexcept override { return true; }
  void on_event(const event& happened) noexcept override {
    if (happened.kind != event_kind::stream_closed)
      return;
    ++closed;
    dropped += happened.cause;
  }

  int closed = 0;
  std::size_t dropped = 0;
};

} // namespace

// ---- who waits to write ----------------------------------------------------------------------------------------------

TEST_CASE("ten who wait because nobody reads all go on when somebody does", "[conformance][ST-053]") {
  on_pipes([](stream_pair& ends) -> task<> {
    const std::string much(20'000, 'x');
    int sent = 0;
    mailbox<std::string> box{capacity{1}}; // one writes, and those who have something to write wait for it
    co_await in_task_group([&](task_group& group) {
      group.start([&, in = box.receiver()]() -> task<> {
        while (auto item = co_await in.receive())
          co_await ends.first.write(*item);
        ends.first.shutdown_write();
      });
      for (int i = 0; i < 10; ++i)
        group.start([&, out = box.sender()]() -> task<> {
          co_await out.send(much);
          ++sent;
        });
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        CHECK(sent < 10);
        const std::string all = co_await ends.second.read_to_end(1'000'000);
        CHECK(all.size() == 10 * much.size());
      });
    });
    CHECK(sent == 10);
  });
}

// ---- closing ---------------------------------------------------------------------------------------------------------

TEST_CASE("a stream is not open from the moment it is closed, and a close ends when all is sent",
          "[conformance][ST-064]") {
  on_pipes([](stream_pair& ends) -> task<> {
    CHECK(ends.first.is_open());
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await ends.first.write("0123"); // of which a tight pipe keeps one
        co_await closes(ends.first, 10s);
        CHECK_FALSE(ends.first.is_open());
      });
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        CHECK_FALSE(ends.first.is_open());
        const std::string all = co_await ends.second.read_to_end(10);
        CHECK(all == "0123");
      });
    });
  });
}

TEST_CASE("a close ends although what has come was never read, and the other side hears of that",
          "[conformance][ST-065]") {
  on_pipes([](stream_pair& ends) -> task<> {
    co_await ends.second.write("!");
    co_await closes(ends.first);
    const auto nothing = co_await as_outcome(ends.second.read_exactly(1));
    CHECK(nothing.has_error()); // the reset, or an end before it: "!" was on its way when the other side closed
    co_await error_of<peer_reset>(writes_on(ends.second));
  });
}

TEST_CASE("a stream is written, read and closed", "[conformance][ST-066]") {
  on_pipes([](stream_pair& ends) -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await ends.first.write("GET / HTTP/1.0\r\n\r\n");
        const std::string status = co_await ends.first.read_until("\r\n", 100);
        CHECK(status == "HTTP/1.0 200 OK\r\n");
        const std::string rest = co_await ends.first.read_to_end(100);
        CHECK(rest == "\r\nTest message");
        co_await closes(ends.first);
      });
      group.start([&]() -> task<> {
        const std::string request = co_await ends.second.read_until("\r\n\r\n", 100);
        CHECK(request == "GET / HTTP/1.0\r\n\r\n");
        co_await ends.second.write("HTTP/1.0 200 OK\r\n\r\nTest message");
        co_await closes(ends.second);
      });
    });
  });
}

TEST_CASE("a write after a close fails, and says whose fault it is", "[conformance][ST-067]") {
  on_pipes([](stream_pair& ends) -> task<> {
    co_await closes(ends.first);
    for (int again = 0; again < 2; ++again) {
      const auto failed = co_await error_of<stream_closed>(ends.first.write("data"));
      CHECK(failed.bytes_accepted() == 0);
      CHECK(failed.what() == std::string("the stream was closed"));
    }
  });
}

TEST_CASE("a close of a stream ends the read of it that waits, and the other side reads the end",
          "[conformance][ST-068]") {
  on_pipes([](stream_pair& ends) -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start(fails_with<stream_closed>, std::ref(ends.first));
      group.start([&]() -> task<> {
        const std::string none = co_await ends.second.read_to_end(10);
        CHECK(none == "");
      });
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        co_await closes(ends.first);
      });
    });
  });
}

TEST_CASE("an open stream that is dropped resets its connection, and is told once, with what is lost",
          "[conformance][ST-069]") {
  closes_seen seen;
  simulator simulated{{.sink = &seen}};
  const auto run = [&]() -> task<> {
    stream_pair ends = pipe_pair({.capacity = 4, .high_water = 10});
    co_await ends.first.write("0123456789");
    { const byte_stream dropped = std::move(ends.first); }
    CHECK(seen.closed == 1);
    CHECK(seen.dropped == 6);
    const std::string come = co_await ends.second.read_exactly(4);
    CHECK(come == "0123");
    co_await fails_with<peer_reset>(ends.second); // and never an end that looks well
    co_await ends.second.close(1s);
  };
  simulated.run(run).value();
  CHECK(seen.closed == 2);
  CHECK(seen.dropped == 6);
}

TEST_CASE("a stream may be dropped after all that used it, and its executor, have ended", "[conformance][ST-070]") {
  std::optional<stream_pair> left;
  {
    simulator simulated{in_any_order()};
    const auto run = [&]() -> task<> {
      left.emplace(pipe_pair());
      co_await left->first.write("unread");
    };
    simulated.run(run).value();
  }
  CHECK(left->first.is_open());
  left.reset();
}

// ---- words -----------------------------------------------------------------------------------------------------------

TEST_CASE("the text of a stream says its state and what is unsent",
          "[conformance][ST-040][ST-055][ST-058][ST-057][ST-059]") {
  on_a_pipe({.capacity = 4, .high_water = 10}, [](stream_pair& ends) -> task<> {
    CHECK(ends.first.describe().starts_with("pipe #"));
    CHECK(text_of(ends.first) == "(open)");
    co_await ends.first.write("0123456789");
    CHECK(text_of(ends.first) == "(open, 6 bytes unsent)");
    CHECK(text_of(ends.second) == "(open)");
    co_await in_task_group([&](task_group& group) {
      group.start(closes, std::ref(ends.first), duration{5s});
      group.start([&]() -> task<> {
        co_await sleep_for(1s);
        CHECK(text_of(ends.first) == "(closing, 6 bytes unsent)");
        const std::string all = co_await ends.second.read_to_end(10);
        CHECK(all == "0123456789");
      });
    });
    CHECK(text_of(ends.first) == "(closed)");
    CHECK(text_of(ends.second) == "(open)"); // it can write, as far as it knows
    co_await error_of<peer_reset>(writes_on(ends.second));
    CHECK(text_of(ends.second).starts_with("(reset")); // and perhaps what was accepted meanwhile
  });
}

TEST_CASE("a report says who waits for a stream, and for which", "[conformance][ST-060][ST-061]") {
  for (const bool writes : {false, true}) {
    simulator simulated{in_any_order()};
    const auto run = [&]() -> task<> {
      stream_pair ends = pipe_pair({.capacity = 1, .high_water = 1});
      if (writes)
        co_await ends.first.write("too much");
      else
        co_await ends.second.read_exactly(1);
    };
    std::string report;
    try {
      static_cast<void>(simulated.run(run));
    } catch (const deadlock_error& found) {
      report = found.what();
    }
    CHECK(report.find(writes ? "waits to write: pipe #" : "waits to read: pipe #") != std::string::npos);
  }
}
