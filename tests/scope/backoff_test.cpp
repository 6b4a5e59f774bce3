#include <troupe/scope/backoff.hpp>

#include <tests/catch.hpp>

#include <troupe/simulation/simulator.hpp>

using namespace troupe;
using namespace troupe::detail;
using namespace std::chrono_literals;

TEST_CASE("a wait doubles up to its limit, and never overflows", "[scope]") {
  CHECK(doubled(100ms, 0, 1s) == 100ms);
  CHECK(doubled(100ms, 1, 1s) == 200ms);
  CHECK(doubled(100ms, 3, 1s) == 800ms);
  CHECK(doubled(100ms, 4, 1s) == 1s);
  CHECK(doubled(100ms, 4'000'000'000U, 1s) == 1s);
  CHECK(doubled(5s, 0, 1s) == 1s);
  CHECK(doubled(1ns, 4'000'000'000U, duration::max()) == duration::max());
}

TEST_CASE("no wait stays none, and a negative one counts as none", "[scope]") {
  CHECK(doubled(0s, 4'000'000'000U, 1s) == 0s);
  CHECK(doubled(-1s, 3, 1s) == 0s);
  CHECK(doubled(1s, 3, -1s) == 0s);
}

TEST_CASE("a random part of a wait lies between what is sure of it and all of it", "[scope]") {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  CHECK(random_part(1s, 0.5, 0) == 1s);
  CHECK(random_part(1s, 0.5, most) >= 500ms);
  CHECK(random_part(1s, 0.5, most) < 501ms);
  CHECK(random_part(1s, 0, most) == 1s);
  CHECK(random_part(1s, 7, most) >= 0s);
  CHECK(random_part(1s, -7, most) == 1s);
  CHECK(random_part(duration::max(), 1, 0) == duration::max());
}

TEST_CASE("random bits differ from call to call, and are the same in each run of a seed", "[scope]") {
  const auto drawn = [] {
    simulator simulated;
    return std::pair{random_bits(simulated, 1), random_bits(simulated, 1)};
  };
  CHECK(drawn().first != drawn().second);
  CHECK(drawn() == drawn());
}
