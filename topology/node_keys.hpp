// The keys that a node has whatever its kind is.

#pragma once

#include <array>
#include <string_view>

namespace troupe::topology {

inline constexpr std::array<std::string_view, 11> node_keys{"kind",     "under",       "count",    "restart",
                                                            "shutdown", "significant", "deadline", "shield",
                                                            "at_once",  "fan_out",     "faults"};

} // namespace troupe::topology
