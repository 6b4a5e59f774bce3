// The last failures of a supervisor's children: what it tells when it gives up.

#pragma once

#include <troupe/scope/time_source.hpp>
#include <troupe/supervision/escalated.hpp>

#include <cstddef>
#include <vector>

namespace troupe::detail {

/// The newest ones, `escalated::failures_max` at most. To note one costs the same however many there were.
class recent_failures {
public:
  /// Later ones come later.
  ///
  /// @param period  when nothing has failed for longer than that, what was before is forgotten
  /// @throws std::bad_alloc
  void note(child_failure&& failure, duration period);
  /// Those within the period up to the newest one, in order of time. Nothing is left.
  ///
  /// @throws std::bad_alloc
  std::vector<child_failure> take(duration period);

private:
  std::vector<child_failure> last_; // once there are so many a ring, which begins with the oldest one
  std::size_t oldest_ = 0;
};

} // namespace troupe::detail
