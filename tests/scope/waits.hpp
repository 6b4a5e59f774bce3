// Waits by the clock of the fiber that takes them.

#pragma once

#include <troupe/scope/fiber.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task.hpp>

namespace troupe::tests {

inline instant now() { return this_fiber::pointer()->runs_on().time().now(); }

inline task<int> after(duration wait, int value) {
  co_await sleep_for(wait);
  co_return value;
}

inline task<> sleep_for_ever() { co_await sleep_until(instant::max()); }

} // namespace troupe::tests
