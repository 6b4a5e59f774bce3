// The error of a wait that would close a cycle of waits.

#pragma once

#include <stdexcept>
#include <string>

namespace troupe {

/// A wait that could never have ended, because each fiber of a cycle waits for the next one: the error of the one that
/// closed it. `what()` names them all.
class would_deadlock : public std::runtime_error {
public:
  /// @param cycle  "/a (ask) -> /b (send) -> /a"
  explicit would_deadlock(const std::string& cycle);
};

} // namespace troupe
