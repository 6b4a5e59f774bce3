// The window of a stream, in many orders: what its two marks let through is on its way, never more, and never less while
// somebody has more to write; and the three ends of a direction are told apart.

#include <troupe/streams/byte_stream.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/testing/explore.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

const pipe_options windows[] = {
    {.capacity = 1, .high_water = 1},
    {.capacity = 1, .high_water = 7},
    {.capacity = 7, .high_water = 1},
    {.capacity = 10, .high_water = 7},
};
constexpr std::size_t bytes_in_all = 60;
constexpr std::size_t chunk = 9;

task<> writes_chunks(byte_stream& to) {
  const std::string some(chunk, 'x');
  for (std::size_t sent = 0; sent < bytes_in_all; sent += chunk)
    co_await to.write(some.substr(0, std::min(chunk, bytes_in_all - sent)));
  to.shutdown_write();
}

/// What there is.
task<std::string> read_some(byte_stream& from) {
  std::string come(100, '\0');
  come.resize(co_await from.read_some(std::as_writable_bytes(std::span{come})));
  co_return come;
}

task<> reads_until_end(byte_stream& from) {
  for (std::string come = co_await read_some(from); !come.empty(); come = co_await read_some(from)) {
  }
}

/// Two ends, and what is between them: accepted of the one, and not read from the other.
struct watched_pair {
  explicit watched_pair(const pipe_options& options) : ends(pipe_pair(options)) {}

  std::size_t on_its_way() const {
    return ends.first.statistics().bytes_accepted - ends.second.statistics().bytes_read;
  }

  stream_pair ends;
};

} // namespace

TEST_CASE("no more is on its way than its window lets through, after every step", "[streams][D1][D5]") {
  for (const pipe_options& window : windows) {
    const std::size_t full = window.capacity + window.high_water;
    INFO("a window of " << window.capacity << " and " << window.high_water);
    explore({.schedules = seeds(400)}, [&](simulation& sim) -> task<> {
      watched_pair& pair = sim.make<watched_pair>(window);
      sim.always("what is unsent is within the high-water mark",
                 [&pair, &window] { return pair.ends.first.statistics().bytes_unsent <= window.high_water; });
      sim.always("what is on its way is within the window", [&pair, full] { return pair.on_its_way() <= full; });
      co_await in_task_group([&](task_group& group) {
        group.start(writes_chunks, std::ref(pair.ends.first));
        group.start(reads_until_end, std::ref(pair.ends.second));
      });
      sim.require(pair.on_its_way() == 0 && pair.ends.second.statistics().bytes_read == bytes_in_all,
                  "not all has arrived");
      co_await pair.ends.first.close();
      co_await pair.ends.second.close();
    });
  }
}

TEST_CASE("while there is room a write goes on: whoever waits has filled the window", "[streams][D1][D2]") {
  for (const pipe_options& window : windows) {
    const std::size_t full = window.capacity + window.high_water;
    INFO("a window of " << window.capacity << " and " << window.high_water);
    simulator simulated{in_any_order()};
    const auto run = [&]() -> task<> {
      watched_pair pair{window};
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(writes_chunks, std::ref(pair.ends.first));
        std::size_t come = 0;
        for (;;) {
          co_await sleep_for(1s); // which passes when nobody can go on
          CHECK(pair.on_its_way() == std::min(full, bytes_in_all - come));
          const std::string more = co_await read_some(pair.ends.second);
          if (more.empty())
            break;
          come += more.size();
        }
        CHECK(come == bytes_in_all);
      });
    };
    simulated.run(run).value();
  }
}

namespace {

enum class ends_by { end, reset, cancel };
enum class reader { comes_late, waits, has_read };

/// What a reader is told in five reads, of which three may give a byte each.
task<> reads_on(byte_stream& from, std::string& told) {
  for (int i = 0; i < 5; ++i)
    try {
      const std::string come = co_await read_some(from);
      told += come.empty() ? " end" : come;
    } catch (const peer_reset&) {
      told += " reset";
    }
}

} // namespace

TEST_CASE("an end, a reset and a cancel are told apart, whenever they come, and what came before them is read",
          "[streams][D4]") {
  for (const ends_by by : {ends_by::end, ends_by::reset, ends_by::cancel})
    for (const reader when : {reader::comes_late, reader::waits, reader::has_read}) {
      INFO("by " << static_cast<int>(by) << ", the reader " << static_cast<int>(when));
      simulator simulated{in_any_order()};
      std::string told;
      bool was_cancelled = false;
      const auto run = [&]() -> task<> {
        stream_pair ends = pipe_pair();
        co_await in_task_group([&](task_group& group) -> task<> {
          std::optional<child<>> reads;
          const auto start = [&] { reads.emplace(group.start(reads_on, std::ref(ends.second), std::ref(told))); };
          if (when == reader::waits)
            start();
          co_await sleep_for(1s);
          co_await ends.first.write("abc");
          co_await sleep_for(1s);
          if (when == reader::has_read) {
            told = co_await ends.second.read_exactly(3);
            co_await sleep_for(1s);
          }
          if (by == ends_by::end)
            ends.first.shutdown_write();
          if (by == ends_by::reset)
            ends.first.abort();
          if (when != reader::waits)
            start();
          if (by == ends_by::cancel) {
            co_await sleep_for(1s);
            reads->cancel();
          }
          co_await reads->wait_ended();
          was_cancelled = reads->result().cancelled();
        });
      };
      simulated.run(run).value();
      CHECK(was_cancelled == (by == ends_by::cancel));
      const std::string last = by == ends_by::end ? " end" : " reset";
      if (by == ends_by::cancel)
        CHECK(told == "abc");
      else
        CHECK(told.starts_with("abc" + last + last)); // what is told once is told to who asks again, too
    }
}

namespace {

/// What a writer was told of its bytes when it had written all, or could not go on, and had closed.
struct told_of_bytes {
  std::size_t accepted = 0;
  std::size_t dropped = 0;
};

const std::string sixty = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX";

task<> writes_sixty(byte_stream& to, told_of_bytes& told) {
  try {
    for (std::size_t from = 0; from < sixty.size(); from += chunk)
      told.accepted += co_await to.write(sixty.substr(from, chunk));
  } catch (const peer_reset& lost) {
    told.accepted += lost.bytes_accepted();
  }
  told.dropped = co_await to.close();
}

/// Reads so many at most, and then is gone.
task<> reads_and_crashes(byte_stream& from, std::size_t at_most, std::string& come) {
  try {
    while (come.size() < at_most) {
      std::string some(std::min<std::size_t>(at_most - come.size(), 5), '\0');
      some.resize(co_await from.read_some(std::as_writable_bytes(std::span{some})));
      if (some.empty())
        break;
      come += some;
    }
  } catch (const peer_reset&) {
  }
  from.abort();
}

} // namespace

TEST_CASE("a crash or a reset at any byte tells the writer what was accepted and dropped, and nothing is read twice",
          "[streams][D3]") {
  for (const pipe_options& window : windows)
    for (const bool reader_crashes : {false, true})
      for (std::size_t at = 0; at <= sixty.size(); ++at) {
        INFO("a window of " << window.capacity << " and " << window.high_water << ", "
                            << (reader_crashes ? "a crash" : "a reset") << " at byte " << at);
        pipe_options options = window;
        if (!reader_crashes)
          options.first_to_second.resets_at = at;
        told_of_bytes told;
        std::string come;
        simulator simulated{{.seed = at}};
        const auto run = [&]() -> task<> {
          stream_pair ends = pipe_pair(options);
          co_await in_task_group([&](task_group& group) {
            group.start(writes_sixty, std::ref(ends.first), std::ref(told));
            group.start(reads_and_crashes, std::ref(ends.second), reader_crashes ? at : sixty.size(), std::ref(come));
          });
          CHECK(told.accepted == ends.first.statistics().bytes_accepted);
        };
        simulated.run(run).value();
        CHECK(come == sixty.substr(0, come.size()));
        const std::size_t arrived = told.accepted - told.dropped;
        if (reader_crashes) {
          CHECK(come.size() == at);
          CHECK(arrived >= at); // the rest had come, and nobody has read it
        } else {
          CHECK(come.size() <= at);
          CHECK(arrived >= at); // what was under way is lost, and nobody knows
          CHECK(arrived <= at + window.capacity);
        }
      }
}
