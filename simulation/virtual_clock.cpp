#include <troupe/scope/assert.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/simulation/virtual_clock.hpp>

#include <algorithm>

namespace troupe {

instant virtual_clock::next() const noexcept {
  const timer* first = pending_.first();
  return first != nullptr ? first->when() : instant::max();
}

void virtual_clock::fire_next() noexcept {
  TROUPE_ASSERT(has_timers(), "virtual_clock::fire_next() was called without a pending timer: ask has_timers() first");
  timer& first = *pending_.first();
  now_ = std::max(now_, first.when());
  pending_.remove(first);
  detail::wakeups woken;
  first.fire(woken);
}

void virtual_clock::move_to(instant to) noexcept {
  TROUPE_ASSERT(to <= next(), "virtual_clock::move_to() would pass over a pending timer: fire it first");
  now_ = std::max(now_, to);
}

} // namespace troupe
