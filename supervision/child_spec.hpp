// What a supervisor knows of a child: as data.

#pragma once

#include <troupe/scope/time_source.hpp>
#include <troupe/supervision/restart_policy.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace troupe {

/// How a supervisor starts, restarts and stops one child.
struct child_spec {
  /// Its part of the path, and what it is called in requests: as in `child_options`, but no two children of one
  /// supervisor have the same. Empty (with `restart_strategy::dynamic` always): a number.
  std::string_view name = {};
  restart_type restart = restart_type::permanent; ///< After which ends it is started anew.
  /// How long it may take to stop, before it is killed: then the shields in it end, too. Zero: killed at once. Empty:
  /// 5 s; for a child that supervises, as long as its children may take in all.
  std::optional<duration> shutdown = std::nullopt;
  /// How long it may take to end after it was killed, with what its finalizers do, before it is abandoned.
  duration abandon_after = std::chrono::seconds{1};
  /// How long it may take until it says that it has started, where it says so: see `startup`.
  duration start_timeout = std::chrono::seconds{30};
  /// Its end is one that `auto_shutdown` counts. Not for a permanent child, which never ends.
  bool significant = false;
};

/// What a child does at the moment.
enum class child_status : std::uint8_t {
  down,        ///< Nothing of it runs.
  backing_off, ///< It waits before it is started anew.
  starting,    ///< It runs, and has not said that it has started.
  running,
  stopping, ///< It was asked to stop.
};

/// The state's name, as in the enumeration.
std::string_view to_string(child_status state) noexcept;

} // namespace troupe
