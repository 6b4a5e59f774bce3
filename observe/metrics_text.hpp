// A scene as metrics, in the text format of Prometheus.

#pragma once

#include <troupe/observe/event_ring.hpp>
#include <troupe/observe/live_feed.hpp>
#include <troupe/observe/scene.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace troupe {

/// What the tree is at this moment, what has happened in it, and what looking at it has cost. Each time series once, in
/// base units, counters with `_total`. Of children that are folded there is one series.
std::string metrics_text(const scene& of, const std::array<std::uint64_t, tree_event_kinds>& events,
                         const live_counts& observer);

} // namespace troupe
