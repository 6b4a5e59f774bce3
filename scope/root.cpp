#include <troupe/scope/root.hpp>

namespace troupe {

namespace {

void require_outside() noexcept {
  TROUPE_ASSERT(this_fiber::pointer() == nullptr,
                "a fiber would block its thread until a root has ended (run() or root::wait() was called in a fiber): "
                "start it in a task group instead, and co_await it");
}

} // namespace

void any_root::require_ended() const noexcept {
  TROUPE_ASSERT(!started_ || has_ended(),
                "a root went away while its tree was running: cancel() it and wait() first, or let a runtime own it");
}

void any_root::start() noexcept {
  started_ = true;
  runs_on().emit(event_kind::fiber_started, number(), 0, 0);
  runs_on().schedule(*this);
}

bool any_root::has_ended() const noexcept {
  const std::lock_guard held{mutex_};
  return has_ended_;
}

void any_root::wait() {
  require_outside();
  std::unique_lock held{mutex_};
  ended_.wait(held, [this] { return has_ended_; });
}

bool any_root::wait_for(std::chrono::nanoseconds limit) {
  require_outside();
  std::unique_lock held{mutex_};
  return ended_.wait_for(held, limit, [this] { return has_ended_; });
}

void any_root::tell(std::uint64_t how) noexcept {
  runs_on().emit(event_kind::fiber_ended, number(), number(), how);
  const std::lock_guard held{mutex_}; // notified under the lock: whoever waits may destroy us right after
  has_ended_ = true;
  ended_.notify_all();
}

} // namespace troupe
