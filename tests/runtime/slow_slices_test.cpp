#include <troupe/runtime/slow_slices.hpp>

#include <tests/catch.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

using namespace troupe;
using namespace troupe::detail;
using namespace std::chrono_literals;

namespace {

/// Stands for fibers that may have gone: an address, and nothing behind it.
constexpr std::array<char, 20> places{};
const fiber* some_fiber(std::size_t number) { return reinterpret_cast<const fiber*>(&places.at(number)); }

constexpr instant start{1h};

/// Looks at the same samples from `from` to `to`, each 25 ms, and counts what is given.
std::size_t look_from_to(slow_slices& watched, duration from, duration to, std::span<const carrier_sample> samples) {
  std::size_t given = 0;
  for (duration at = from; at <= to; at += 25ms)
    given += watched.look(start + at, samples).size();
  return given;
}

} // namespace

TEST_CASE("a slice is slow when it has lasted for the limit, and it is given once", "[runtime]") {
  slow_slices watched{100ms, 1};
  CHECK(watched.look_every() == 25ms);
  const carrier_sample seen[]{{1, some_fiber(0)}};
  CHECK(look_from_to(watched, 0ms, 75ms, seen) == 0);
  const std::vector<slow_slice> slow = watched.look(start + 100ms, seen);
  REQUIRE(slow.size() == 1);
  CHECK(slow[0].carrier == 0);
  CHECK(slow[0].seen == seen[0]);
  CHECK(look_from_to(watched, 125ms, 10s, seen) == 0);
}

TEST_CASE("the next slice of a fiber that was slow can be slow as well", "[runtime]") {
  slow_slices watched{100ms, 1};
  const carrier_sample first[]{{1, some_fiber(0)}}, second[]{{2, some_fiber(0)}};
  CHECK(look_from_to(watched, 0ms, 200ms, first) == 1);
  CHECK(look_from_to(watched, 225ms, 300ms, second) == 0);
  CHECK(look_from_to(watched, 325ms, 400ms, second) == 1);
}

TEST_CASE("short slices of one fiber are not slow, however many there are", "[runtime]") {
  slow_slices watched{100ms, 1};
  for (std::uint32_t run = 0; run < 1000; ++run) {
    const carrier_sample seen[]{{run, some_fiber(0)}};
    REQUIRE(watched.look(start + run * 25ms, seen).empty());
  }
}

TEST_CASE("a carrier without a fiber is never slow", "[runtime]") {
  slow_slices watched{100ms, 1};
  const carrier_sample seen[]{{7, nullptr}};
  CHECK(look_from_to(watched, 0ms, 10s, seen) == 0);
}

TEST_CASE("of several carriers each is looked at for itself", "[runtime]") {
  slow_slices watched{100ms, 3};
  const carrier_sample before[]{{1, some_fiber(0)}, {1, nullptr}, {5, some_fiber(2)}};
  const carrier_sample after[]{{2, some_fiber(0)}, {1, nullptr}, {5, some_fiber(2)}};
  CHECK(look_from_to(watched, 0ms, 50ms, before) == 0);
  CHECK(look_from_to(watched, 75ms, 75ms, after) == 0);
  const std::vector<slow_slice> third = watched.look(start + 100ms, after);
  REQUIRE(third.size() == 1);
  CHECK(third[0].carrier == 2);
  CHECK(look_from_to(watched, 125ms, 150ms, after) == 0);
  const std::vector<slow_slice> first = watched.look(start + 175ms, after);
  REQUIRE(first.size() == 1);
  CHECK(first[0].carrier == 0);
}

TEST_CASE("when the looks stood still, every slice begins anew, and what was given is not given again", "[runtime]") {
  slow_slices watched{100ms, 2};
  const carrier_sample first[]{{1, some_fiber(0)}, {1, nullptr}};
  CHECK(look_from_to(watched, 0ms, 100ms, first) == 1);
  const carrier_sample both[]{{1, some_fiber(0)}, {2, some_fiber(1)}};
  CHECK(look_from_to(watched, 125ms, 200ms, both) == 0);
  CHECK(look_from_to(watched, 251ms, 326ms, both) == 0); // 51 ms, and not 25
  const std::vector<slow_slice> slow = watched.look(start + 351ms, both);
  REQUIRE(slow.size() == 1);
  CHECK(slow[0].carrier == 1);
  CHECK(look_from_to(watched, 376ms, 1s, both) == 0);
}

TEST_CASE("slow slices beyond ten in five seconds are counted only", "[runtime]") {
  slow_slices watched{100ms, 12};
  std::array<carrier_sample, 12> seen;
  for (std::size_t index = 0; index < seen.size(); ++index)
    seen[index] = {1, some_fiber(index)};
  CHECK(look_from_to(watched, 0ms, 100ms, seen) == 10);
  CHECK(watched.take_omitted() == 2);
  CHECK(watched.take_omitted() == 0);
  ++seen[3].runs;
  CHECK(look_from_to(watched, 125ms, 5s, seen) == 0);
  CHECK(watched.take_omitted() == 1);
  ++seen[3].runs;
  CHECK(look_from_to(watched, 5025ms, 6s, seen) == 1);
  CHECK(watched.take_omitted() == 0);
}

TEST_CASE("it is quiet when nothing has run for a second", "[runtime]") {
  slow_slices watched{100ms, 1};
  const carrier_sample running[]{{1, some_fiber(0)}}, idle[]{{1, nullptr}}, has_run[]{{2, nullptr}};
  look_from_to(watched, 0ms, 5s, running);
  CHECK_FALSE(watched.quiet(start + 5s));
  look_from_to(watched, 5025ms, 6s, idle);
  CHECK_FALSE(watched.quiet(start + 6024ms));
  CHECK(watched.quiet(start + 6025ms));
  look_from_to(watched, 6025ms, 6025ms, has_run);
  CHECK_FALSE(watched.quiet(start + 6025ms));
}

TEST_CASE("what its thread waits for a CPU is not held against a fiber", "[runtime]") {
  slow_slices watched{100ms, 1};
  const carrier_sample seen[]{{1, some_fiber(0)}};
  std::optional<duration> waited[]{5s}; // before this slice
  std::size_t told = 0;
  for (duration at = 0ms; at <= 375ms; at += 25ms) { // a fourth of the time it runs
    told += watched.look(start + at, seen, waited).size();
    *waited[0] += 18'750us;
  }
  CHECK(told == 0);
  CHECK(watched.look(start + 400ms, seen, waited).size() == 1);
}

TEST_CASE("where nobody says how long a thread has waited, all of a slice counts", "[runtime]") {
  const carrier_sample seen[]{{1, some_fiber(0)}};
  const std::optional<duration> known[]{1s}, later[]{10s}, unknown[]{std::nullopt};
  for (const auto& [first, then] :
       {std::pair{known, unknown}, std::pair{unknown, later}, std::pair{unknown, unknown}, std::pair{later, known}}) {
    slow_slices watched{100ms, 1};
    for (duration at = 0ms; at <= 75ms; at += 25ms)
      CHECK(watched.look(start + at, seen, std::span{first, 1}).empty());
    CHECK(watched.look(start + 100ms, seen, std::span{then, 1}).size() == 1);
  }
}

TEST_CASE("after a look that came late what was waited before does not count again", "[runtime]") {
  slow_slices watched{100ms, 1};
  const carrier_sample seen[]{{1, some_fiber(0)}};
  const std::optional<duration> before[]{0ms}, after[]{900ms};
  CHECK(watched.look(start, seen, before).empty());
  CHECK(watched.look(start + 1s, seen, after).empty());
  for (duration at = 1'025ms; at <= 1'075ms; at += 25ms)
    CHECK(watched.look(start + at, seen, after).empty());
  CHECK(watched.look(start + 1'100ms, seen, after).size() == 1);
}
