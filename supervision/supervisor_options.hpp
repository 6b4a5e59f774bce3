// How a supervisor treats its children: as data.

#pragma once

#include <troupe/supervision/restart_policy.hpp>
#include <troupe/supervision/strategy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe {

/// Whether a supervisor stops by itself when its significant children have ended. (OTP's names.)
enum class auto_shutdown : std::uint8_t {
  never,
  any_significant, ///< When one has.
  all_significant, ///< When the last one has.
};

/// How a supervisor treats its children.
struct supervisor_options {
  restart_strategy strategy = restart_strategy::one_for_one;
  /// So many restarts within a `period`, at most: one more, and it stops all of its children and fails. (OTP's defaults.)
  std::size_t intensity = 1;
  duration period = std::chrono::seconds{5};
  restart_backoff backoff = {};
  auto_shutdown stops = auto_shutdown::never;
  /// Children at the same time, at most.
  std::size_t children_max = 1'000'000;
};

} // namespace troupe
