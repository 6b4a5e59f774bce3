// How much a test may do: seeds and seconds, scaled by the kind of run.
//
// A normal run does what the test asks for. TROUPE_FULL=1 (`./troupe test --full`) does fifty times as much.
// TROUPE_BUDGET_SECONDS is what one folder's tests may take, 60 when unset: more scales up; less scales down only under
// a sanitizer, to a tenth at most, so that a plain run never explores fewer seeds than promised.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string_view>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TROUPE_TESTS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TROUPE_TESTS_SANITIZED 1
#endif
#endif

namespace troupe::tests {

/// Whether this program was built with a sanitizer, and is several times slower.
#if defined(TROUPE_TESTS_SANITIZED)
inline constexpr bool sanitized = true;
#undef TROUPE_TESTS_SANITIZED
#else
inline constexpr bool sanitized = false;
#endif

/// Whether everything was asked for (`./troupe test --full`).
inline bool full_run() {
  const char* value = std::getenv("TROUPE_FULL");
  return value != nullptr && std::string_view{value} == "1";
}

/// Factor on the number of seeds and on the time of stress tests: 1 by default, 0.1 to 1 in a sanitized run with a
/// small budget, above 1 with a large one, 50 times that in a full run.
inline double budget_scale() {
  constexpr double normal_seconds = 60.0;
  double scale = 1.0;
  if (const char* value = std::getenv("TROUPE_BUDGET_SECONDS")) {
    const double seconds = std::strtod(value, nullptr);
    if (seconds > 0.0)
      scale = std::clamp(seconds / normal_seconds, sanitized ? 0.1 : 1.0, 1000.0);
  }
  return full_run() ? scale * 50.0 : scale;
}

/// Number of seeds to explore where a normal run explores `wanted_min`.
inline std::size_t seeds(std::size_t wanted_min) {
  const auto scaled = static_cast<std::size_t>(static_cast<double>(wanted_min) * budget_scale());
  return std::max<std::size_t>(scaled, 1);
}

/// How long to stress where a normal run takes `wanted`.
inline std::chrono::milliseconds stress_time(std::chrono::milliseconds wanted) {
  const auto scaled = static_cast<double>(wanted.count()) * budget_scale();
  return std::chrono::milliseconds{static_cast<std::chrono::milliseconds::rep>(scaled)};
}

} // namespace troupe::tests
