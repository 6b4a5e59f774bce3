#include <troupe/scope/blocked_thread.hpp>

namespace troupe::detail {

void blocked_thread::decide() noexcept {
  const std::lock_guard held{mutex_};
  is_decided_ = true;
  decided_.notify_one();
}

bool blocked_thread::wait(instant until) {
  std::unique_lock held{mutex_};
  if (until != instant::max())
    return decided_.wait_until(held, until, [this] { return is_decided_; });
  decided_.wait(held, [this] { return is_decided_; });
  return true;
}

bool blocked_thread::wait(duration at_most) {
  if (at_most > duration::max() / 2) // more than a century: the standard library's own addition would overflow
    return wait(instant::max());
  std::unique_lock held{mutex_};
  return decided_.wait_for(held, at_most, [this] { return is_decided_; });
}

} // namespace troupe::detail
