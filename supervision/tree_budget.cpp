#include <troupe/supervision/tree_budget.hpp>

#include <mutex>

namespace troupe::detail {

bool tree_budget::note(time_source& time) {
  {
    const std::lock_guard held{lock_};
    // Once used up it stays so, however long those below take to stop: that reaches its own supervisor.
    used_up_ = used_up_ || !window_.note(time.now()); // read under the lock: never earlier than the last one
    if (used_up_)
      return false;
  }
  return !above_ || above_->note(time);
}

} // namespace troupe::detail
