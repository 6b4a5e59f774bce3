#include <troupe/supervision/restart_policy.hpp>

#include <tests/catch.hpp>

#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr exit_kind kinds[] = {exit_kind::normal, exit_kind::cancelled, exit_kind::failed, exit_kind::killed};

std::string restarted_after(restart_type type) {
  std::string text;
  for (const exit_kind kind : kinds)
    if (restarts_after(type, kind))
      text += std::string(to_string(kind)) + ' ';
  return text;
}

} // namespace

TEST_CASE("which ends a child is started anew after", "[supervision][OTP-045][OTP-046][OTP-047]") {
  CHECK(restarted_after(restart_type::permanent) == "normal cancelled failed killed ");
  CHECK(restarted_after(restart_type::transient) == "failed killed ");
  CHECK(restarted_after(restart_type::temporary) == "");
}

TEST_CASE("types and kinds have the names of their enumerators", "[supervision]") {
  CHECK(to_string(restart_type::permanent) == "permanent");
  CHECK(to_string(restart_type::transient) == "transient");
  CHECK(to_string(restart_type::temporary) == "temporary");
  CHECK(to_string(static_cast<restart_type>(9)) == "?");
  CHECK(to_string(static_cast<exit_kind>(9)) == "?");
}

TEST_CASE("as many restarts as the intensity are allowed within a period, and one more is not", "[supervision][A5]") {
  const instant start{1h};
  restart_window window{3, 5s};
  for (int i = 0; i < 3; ++i)
    CHECK(window.note(start));
  CHECK_FALSE(window.note(start));
  CHECK_FALSE(window.note(start + 5s)); // both ends of a period count
  CHECK(window.note(start + 5s + 1ns));
}

TEST_CASE("the period slides: restarts that are far enough apart never are too many", "[supervision][OTP-029]") {
  restart_window window{1, 1s};
  for (int i = 0; i < 1'000; ++i)
    CHECK(window.note(instant{i * 2'100ms}));
}

TEST_CASE("a window of restarts agrees with one that goes through all of them", "[supervision][A5]") {
  std::uint64_t state = 1;
  const auto next = [&state](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33U) % below;
  };
  for (int run = 0; run < 200; ++run) {
    const std::size_t intensity = next(5);
    const duration period{static_cast<duration::rep>(next(20))};
    restart_window window{intensity, period};
    std::vector<instant> all;
    instant now{};
    for (int i = 0; i < 100; ++i) {
      now += duration{static_cast<duration::rep>(next(8))};
      std::size_t within = 0;
      for (const instant each : all)
        within += now <= each + period ? 1 : 0;
      const bool allowed = within < intensity;
      CHECK(window.note(now) == allowed);
      if (allowed)
        all.push_back(now);
    }
  }
}

TEST_CASE("an intensity of zero allows no restart", "[supervision]") {
  restart_window window{0, 5s};
  CHECK_FALSE(window.note(instant{1h}));
}

TEST_CASE("the wait before a restart doubles while restarts follow each other", "[supervision][A5]") {
  const restart_backoff backoff{.initial = 100ms, .longest = 1s, .jitter = 0};
  CHECK(wait_before_restart(backoff, 1, 0) == 100ms);
  CHECK(wait_before_restart(backoff, 2, 0) == 200ms);
  CHECK(wait_before_restart(backoff, 9, 0) == 1s);
  CHECK(wait_before_restart({}, 9, 0) == 0s);
  const restart_backoff spread{.initial = 100ms, .longest = 1s, .jitter = 0.5};
  CHECK(wait_before_restart(spread, 2, ~std::uint64_t{0}) < 101ms);
}
