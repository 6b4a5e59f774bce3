#include <troupe/actors/monitor.hpp>

#include <mutex>

namespace troupe {

actor_monitor::actor_monitor(detail::actor_life_pointer life) noexcept
    : life_(std::move(life)), seen_(life_->seen_now()) {}

actor_monitor::change_operation::~change_operation() {
  const std::lock_guard held{of_.life_->lock()};
  of_.life_->watching().remove(*this); // still in it only if we were stopped
}

void actor_monitor::change_operation::await_suspend(std::coroutine_handle<>) {
  if (waiting->stop_pending())
    return waiting->stop();
  detail::actor_life& life = *of_.life_;
  const std::lock_guard held{life.lock()};
  if (life.changed(of_.seen_))
    return waiting->yield();
  if (!waiting->open_wait(fiber::wait_kind::daemon, "watch an actor", nullptr))
    return waiting->stop();
  life.watching().push(*this);
  waiting->park();
}

actor_change actor_monitor::change_operation::await_resume() noexcept {
  detail::actor_life& life = *of_.life_;
  const std::lock_guard held{life.lock()};
  const detail::actor_life::seen now = life.look(of_.seen_);
  return {now.down ? actor_change::kind::down : actor_change::kind::restarted, now.incarnation, life.ended()};
}

} // namespace troupe
