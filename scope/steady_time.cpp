#include <troupe/scope/assert.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/signals_masked.hpp>
#include <troupe/scope/steady_time.hpp>

namespace troupe {

namespace {

constexpr int fired_at_once = 64;

} // namespace

steady_time::steady_time() {
  const detail::signals_masked inherited;
  thread_ = std::thread{[this] { run(); }};
}

steady_time::~steady_time() {
  stop();
  TROUPE_ASSERT(pending_.size() == 0, "a steady_time went away with pending timers: their fibers must have ended");
}

instant steady_time::real_now() noexcept { return std::chrono::steady_clock::now(); }

void steady_time::add(timer& added) {
  bool is_earlier = false;
  {
    const std::lock_guard held{mutex_};
    pending_.add(added);
    is_earlier = added.when() < wakes_at_;
    if (is_earlier)
      wakes_at_ = added.when();
  }
  if (is_earlier)
    changed_.notify_one();
}

void steady_time::remove(timer& removed) noexcept {
  if (removed.has_fired())
    return;
  const std::lock_guard held{mutex_}; // waits for a callback, perhaps this timer's
  pending_.remove(removed);
}

void steady_time::stop() noexcept {
  {
    const std::lock_guard held{mutex_};
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

void steady_time::run() noexcept {
  std::unique_lock held{mutex_};
  while (!stopping_) {
    timer* const first = pending_.first();
    if (first == nullptr) {
      wakes_at_ = instant::max();
      changed_.wait(held);
    } else if (const instant when = first->when(); when > now()) {
      wakes_at_ = when;
      changed_.wait_until(held, when); // `first` may be gone afterwards
    } else {
      // Some of those that are due together: whoever waits is woken in one go, and others get in between.
      detail::wakeups woken;
      const instant due = now();
      timer* next = first;
      for (int fired = 0; fired < fired_at_once && next != nullptr && next->when() <= due; ++fired) {
        pending_.remove(*next);
        next->fire(woken);
        next = pending_.first();
      }
      held.unlock();
      woken.flush();
      held.lock();
    }
  }
}

} // namespace troupe
