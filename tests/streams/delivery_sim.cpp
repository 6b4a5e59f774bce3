// What was sent over a pipe arrives as a network lets it: later, in parts, and behind what was sent before.

#include <troupe/streams/pipe_pair.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/streams/error_of.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/testing/explore.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

const budget some{.schedules = 300};

/// The bytes that come before the end, or the reset.
task<std::string> all_of(byte_stream& from, bool& was_reset) {
  std::string all;
  try {
    while (true) {
      const std::string one = co_await from.read_exactly(1);
      all += one;
    }
  } catch (const peer_reset&) {
    was_reset = true;
  } catch (const incomplete_read&) {
  }
  co_return all;
}

} // namespace

TEST_CASE("what was sent over a pipe may be overtaken by what its sender does next", "[streams]") {
  explore(some, [](simulation& sim) -> task<> {
    stream_pair ends = pipe_pair();
    const mailbox<int> aside{capacity{1}};
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await ends.first.write("bytes");
        co_await aside.sender().send(1);
      });
      group.start([&]() -> task<> {
        static_cast<void>(co_await aside.inbox().receive());
        std::array<char, 5> bytes{};
        const std::size_t come = co_await ends.second.read_some(std::as_writable_bytes(std::span{bytes}));
        sim.sometimes("some of them come later", come < 5);
        sim.sometimes("they have come", come == 5);
      });
    });
  });
}

TEST_CASE("an end comes behind the bytes", "[streams]") {
  explore(some, [](simulation& sim) -> task<> {
    stream_pair ends = pipe_pair();
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await ends.first.write("all");
        ends.first.shutdown_write();
      });
      group.start([&]() -> task<> {
        bool was_reset = false;
        const std::string all = co_await all_of(ends.second, was_reset);
        sim.require(all == "all" && !was_reset, "the end comes before the bytes");
      });
    });
  });
}

TEST_CASE("a reset comes behind what has left, and drops what has no room on the other side", "[streams]") {
  explore(some, [](simulation& sim) -> task<> {
    stream_pair ends = pipe_pair({.capacity = 4});
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await ends.first.write("all too much");
        for (int i = 0; i < 3; ++i)
          co_await checkpoint();
        ends.first.abort();
      });
      group.start([&]() -> task<> {
        bool was_reset = false;
        const std::string all = co_await all_of(ends.second, was_reset);
        sim.require(was_reset, "nobody is told of the reset");
        sim.require(std::string{"all too much"}.starts_with(all) && all.size() >= 4, "what has left is lost");
        sim.sometimes("only what had room comes", all.size() == 4);
        sim.sometimes("more comes, of which some was read", all.size() > 4);
      });
    });
  });
}

TEST_CASE("what comes to a side that has closed resets the connection, and an end that has come before is one",
          "[streams]") {
  explore(some, [](simulation& sim) -> task<> {
    stream_pair ends = pipe_pair();
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> { co_await ends.first.close(duration::max()); });
      group.start([&]() -> task<> {
        co_await ends.second.write("nobody reads this");
        bool was_reset = false, is_reset = false;
        static_cast<void>(co_await all_of(ends.second, was_reset));
        sim.sometimes("it reads the end, as that has come first", !was_reset);
        sim.sometimes("it reads that it is reset", was_reset);
        static_cast<void>(co_await all_of(ends.second, is_reset));
        sim.require(was_reset == is_reset, "an end becomes a reset, or the other way round");
      });
    });
  });
}

TEST_CASE("an end that has come is read, also when a reset has come behind it", "[streams]") {
  simulator simulated{in_any_order()};
  const auto run = []() -> task<> {
    stream_pair ends = pipe_pair();
    co_await ends.first.write("all");
    ends.first.shutdown_write();
    co_await sleep_for(1s);
    ends.first.abort();
    co_await sleep_for(1s);
    const std::string all = co_await ends.second.read_to_end(10);
    CHECK(all == "all");
    co_await error_of<peer_reset>(writes_on(ends.second));
  };
  simulated.run(run).value();
}

TEST_CASE("who writes to a side that has closed is told so when that has come back", "[streams]") {
  explore(some, [](simulation& sim) -> task<> {
    stream_pair ends = pipe_pair();
    co_await ends.second.close(duration::max());
    int accepted = 0;
    try {
      for (;; ++accepted)
        co_await ends.first.write("nobody reads this");
    } catch (const peer_reset&) {
    }
    sim.require(accepted >= 1, "the first write knows of what it cannot know yet");
    sim.sometimes("it is known at once", accepted == 1);
    sim.sometimes("it takes a while", accepted > 1);
  });
}

namespace {

/// Its bytes are still on their way at the end of a run.
void leave_unread(simulator& simulated, std::optional<stream_pair>& ends) {
  const auto run = [&]() -> task<> {
    ends.emplace(pipe_pair());
    co_await ends->first.write("nobody reads this");
  };
  simulated.run(run).value();
}

} // namespace

TEST_CASE("a stream that outlives its simulation takes along what is on its way, to another one as well", "[streams]") {
  std::optional<stream_pair> ends;
  {
    simulator simulated;
    leave_unread(simulated, ends);
  }
  CHECK(ends->first.is_open());
  ends.reset();
  simulator before;
  leave_unread(before, ends);
  {
    simulator after;
    const auto run = [&]() -> task<> {
      const std::string come = co_await ends->second.read_exactly(17);
      CHECK(come == "nobody reads this");
    };
    after.run(run).value();
    leave_unread(after, ends); // which drops the ones before
    ends.reset();              // what is on its way goes before its simulator
  }
}
