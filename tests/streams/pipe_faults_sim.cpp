// Each fault at each byte of an exchange, in many orders: nothing hangs, and what was read is what was written.

#include <troupe/streams/pipe_pair.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/testing/explore.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

const std::string request = "a question of 28 bytes......"; // with its length 32, so that both ways have 64
const std::string answer = "an answer that is as long...";

/// What each side has come to; empty: it was stopped, or has failed.
struct exchange {
  std::string asked;    // as the server has read it
  std::string answered; // as the client has
  bool client_done = false;
  bool server_done = false;
};

task<> client(byte_stream& over, exchange& books) {
  co_await write_frame(over, request);
  frame_reader frames{over, 100};
  const std::optional<std::string> frame = co_await frames.next();
  books.answered = frame.value_or("");
  co_await over.close(1s);
  books.client_done = true;
}

task<> server(byte_stream& over, exchange& books) {
  frame_reader frames{over, 100};
  const std::optional<std::string> frame = co_await frames.next();
  books.asked = frame.value_or("");
  co_await write_frame(over, answer);
  const std::string rest = co_await over.read_to_end(100);
  CHECK(rest == "");
  co_await over.close(1s);
  books.server_done = true;
}

task<> bounded(task<> side) {
  static_cast<void>(co_await as_outcome(fail_after(10s, std::move(side)))); // its books say what has come of it
}

task<> exchange_over(pipe_options options, exchange& books) {
  stream_pair ends = pipe_pair(options);
  co_await in_task_group([&](task_group& group) {
    group.start(bounded, client(ends.first, books));
    group.start(bounded, server(ends.second, books));
  });
}

std::string what_is_wrong(const exchange& books) {
  const auto is_prefix = [](const std::string& of, const std::string& all) { return all.starts_with(of); };
  return std::string(is_prefix(books.asked, request) ? "" : "the server has read \"" + books.asked + "\"\n") +
         (is_prefix(books.answered, answer) ? "" : "the client has read \"" + books.answered + "\"\n");
}

using plan = std::function<void(pipe_faults&, std::size_t)>;
const std::vector<std::pair<std::string, plan>> plans = {
    {"reset", [](pipe_faults& in, std::size_t at) { in.resets_at = at; }},
    {"end", [](pipe_faults& in, std::size_t at) { in.ends_at = at; }},
    {"stall", [](pipe_faults& in, std::size_t at) { in.stalls_at = at; }},
    {"stall for a while", [](pipe_faults& in, std::size_t at) { in.stalls_at = at, in.stalls_for = 3s; }},
    {"short moves", [](pipe_faults& in, std::size_t at) { in.at_once_max = at + 1; }},
};
constexpr std::size_t bytes_each_way = 32;

} // namespace

TEST_CASE("each fault at each byte of an exchange ends it in time, with nothing but what was written",
          "[streams][D6][PAT-4]") {
  std::size_t whole = 0, runs = 0;
  for (const auto& [name, fault_at] : plans)
    for (std::size_t at = 0; at <= bytes_each_way; ++at)
      for (const bool way_back : {false, true})
        over_seeds(4, [&](simulation_options how) {
          INFO(name << " at byte " << at << (way_back ? " of the answer" : " of the question"));
          pipe_options options{.capacity = 10, .high_water = 7};
          fault_at(way_back ? options.second_to_first : options.first_to_second, at);
          exchange books;
          simulator simulated{how};
          simulated.run(exchange_over, options, std::ref(books)).value();
          CHECK(what_is_wrong(books) == "");
          const instant end = simulated.clock().now();
          if (how.clock == clock_mode::autojump)
            CHECK((end <= instant{} + 12s)); // a limit, and one of a close
          const bool is_whole =
              books.client_done && books.server_done && books.asked == request && books.answered == answer;
          if (name.starts_with("short") || name == "stall for a while")
            CHECK((is_whole || how.clock == clock_mode::race));
          if (at < bytes_each_way && !name.starts_with("short") && name != "stall for a while")
            CHECK_FALSE(is_whole);
          ++runs;
          whole += is_whole ? 1 : 0;
        });
  CHECK(runs >= 5 * 33 * 2);
  CHECK(whole > runs / 5);
}

TEST_CASE("an exchange that is cancelled before each of its steps leaves nothing", "[streams][D6][PAT-4]") {
  for (std::uint64_t seed = 0; seed < seeds(20); ++seed)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race})
      cancelled_at_every_step(seed, clock, [&](simulation_options how) {
        exchange books;
        simulator simulated{std::move(how)};
        static_cast<void>(simulated.run(exchange_over, pipe_options{.capacity = 10, .high_water = 7}, std::ref(books)));
        CHECK(what_is_wrong(books) == "");
        return simulated.steps();
      });
}

TEST_CASE("an exchange survives a sweep of all faults, and each of its bytes is looked at", "[streams][D6][PAT-4]") {
  const exploration done = sweep(all_faults, [](simulation& sim) -> task<> {
    exchange& books = sim.make<exchange>();
    sim.at_end([&] { return what_is_wrong(books); });
    sim.sometimes("it is whole", false);
    co_await exchange_over({.capacity = 10, .high_water = 7}, books);
    sim.sometimes("it is whole",
                  books.client_done && books.server_done && books.asked == request && books.answered == answer);
  });
  CHECK(done.faults[static_cast<std::size_t>(fault::reset)] > 8);
  CHECK(done.faults[static_cast<std::size_t>(fault::crash)] > 8);
  CHECK(done.looks[static_cast<std::size_t>(invariant::bytes)] > 1'000);
}

TEST_CASE("an exchange holds under the schedules of a budget, moves of any length among them", "[streams][D6]") {
  const exploration done =
      explore({.schedules = seeds(2'000), .time_passes_at_any_moment = false}, [](simulation& sim) -> task<> {
        exchange& books = sim.make<exchange>();
        sim.at_end([&] { return what_is_wrong(books); });
        co_await exchange_over({.capacity = 10, .high_water = 7}, books);
        sim.require(sim.was_harmed() || books.answered == answer, "the exchange is not whole");
      });
  CHECK(done.looks[static_cast<std::size_t>(invariant::bytes)] > 10'000);
}
