// How a supervisor treats its children: as data.

#pragma once

#include <troupe/supervision/restart_policy.hpp>
#include <troupe/supervision/strategy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace troupe {

/// Whether a supervisor stops by itself when its significant children have ended. (OTP's names.)
enum class auto_shutdown : std::uint8_t {
  never,
  any_significant, ///< When one has.
  all_significant, ///< When the last one has that was up; one that is down for another reason is not waited for.
};

/// How a supervisor treats its children.
struct supervisor_options {
  restart_strategy strategy = restart_strategy::one_for_one;
  /// So many restarts within a `period`, at most: one more, and it stops all of its children and fails. (OTP's defaults.)
  std::size_t intensity = 1;
  duration period = std::chrono::seconds{5};
  restart_backoff backoff = {};
  /// Of all restarts in the tree below: of its children, of theirs, and so on. Intensities multiply from level to level,
  /// 10 x 10 is 100; this one counts them all. Whoever wants one more gives up, and so do those above it up to this
  /// supervisor. A budget further down counts in this one, too.
  std::optional<restart_budget> budget = std::nullopt;
  auto_shutdown stops = auto_shutdown::never;
  /// Children at the same time, at most.
  std::size_t children_max = 1'000'000;
};

} // namespace troupe
