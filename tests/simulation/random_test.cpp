#include <troupe/simulation/random.hpp>

#include <tests/catch.hpp>

#include <array>
#include <set>

using troupe::seeded_random;

TEST_CASE("the same seed gives the same numbers, everywhere", "[simulation]") {
  seeded_random random{1234567};
  CHECK(random.next() == 6457827717110365317U); // the published sequence of SplitMix64
  CHECK(random.next() == 3203168211198807973U);
  CHECK(random.next() == 9817491932198370423U);
}

TEST_CASE("different seeds give different numbers", "[simulation]") {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed)
    first.insert(seeded_random{seed}.next());
  CHECK(first.size() == 1'000);
}

TEST_CASE("below() spreads evenly over its range", "[simulation]") {
  seeded_random random{3};
  std::array<int, 6> seen{};
  for (int i = 0; i < 60'000; ++i)
    ++seen.at(random.below(seen.size()));
  for (const int each : seen) {
    CHECK(each > 9'500);
    CHECK(each < 10'500);
  }
  CHECK(random.below(1) == 0);
}
