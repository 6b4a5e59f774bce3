// Something done now and then beside the work of a group.

#pragma once

#include <troupe/scope/task_group.hpp>
#include <troupe/scope/time_source.hpp>

#include <functional>

namespace troupe::tools {

/// Calls `on_tick(now)` after each `pause`, until cancelled. When that returns false, cancels the group.
///
/// @param group the one that it is a child of
/// @cancel      ends it
task<> tick(duration pause, std::function<bool(instant now)> on_tick, task_group& group);

} // namespace troupe::tools
