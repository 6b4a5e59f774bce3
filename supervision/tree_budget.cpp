#include <troupe/supervision/tree_budget.hpp>

#include <mutex>

namespace troupe::detail {

bool tree_budget::note(time_source& time) {
  {
    const std::lock_guard held{lock_};
    if (!window_.note(time.now())) // read under the lock: never earlier than the last one
      return false;
  }
  return !above_ || above_->note(time);
}

} // namespace troupe::detail
