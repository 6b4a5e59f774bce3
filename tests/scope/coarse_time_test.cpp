#include <troupe/scope/coarse_time.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::detail;
using namespace std::chrono_literals;

TEST_CASE("an age is known to a millisecond, also from the clock's beginning, and one of nothing is not", "[scope]") {
  CHECK(age_of(coarse(instant{}), instant{}) == duration{0});
  CHECK(age_of(coarse(instant{}), instant{1202ms + 999us}) == duration{1202ms});
  CHECK(age_of(coarse(instant{5s}), instant{6s}) == duration{1s});
  CHECK_FALSE(age_of(0, instant{6s}));
}

TEST_CASE("an age is right across the end of the digits that are kept", "[scope]") {
  constexpr instant end{std::chrono::milliseconds{(1LL << 32) - 1}};
  for (const duration before : {0ms, 1ms, 2ms})
    for (const duration after : {1s, 2s}) {
      const duration age = *age_of(coarse(end - before), end + after);
      CHECK(age >= before + after - 1ms);
      CHECK(age <= before + after + 1ms);
    }
  CHECK(coarse(end) != 0);
}
