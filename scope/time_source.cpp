#include <troupe/scope/assert.hpp>
#include <troupe/scope/time_source.hpp>

#include <algorithm>

namespace troupe {

void timer_heap::put(std::size_t at, const node& moved) noexcept {
  heap_[at] = moved;
  moved.what->place_ = static_cast<std::uint32_t>(at + 1);
}

void timer_heap::rise(std::size_t at) noexcept {
  const node moved = heap_[at];
  while (at > 0) {
    const std::size_t parent = (at - 1) / children;
    if (!before(moved, heap_[parent]))
      break;
    put(at, heap_[parent]);
    at = parent;
  }
  put(at, moved);
}

void timer_heap::sink(std::size_t at) noexcept {
  const node moved = heap_[at];
  for (;;) {
    const std::size_t first = children * at + 1;
    if (first >= heap_.size())
      break;
    std::size_t least = first;
    for (std::size_t next = first + 1; next < std::min(first + children, heap_.size()); ++next)
      if (before(heap_[next], heap_[least]))
        least = next;
    if (!before(heap_[least], moved))
      break;
    put(at, heap_[least]);
    at = least;
  }
  put(at, moved);
}

void timer_heap::add(timer& added) {
  TROUPE_ASSERT(added.place_ == 0, "a timer was added twice: remove it before adding it again");
  added.fired_.store(false, std::memory_order_relaxed); // relaxed: nobody else has it yet
  heap_.push_back({added.when_, ++added_, &added});
  rise(heap_.size() - 1);
}

bool timer_heap::remove(timer& removed) noexcept {
  if (removed.place_ == 0)
    return false;
  const std::size_t at = removed.place_ - 1;
  removed.place_ = 0;
  const node last = heap_.back();
  heap_.pop_back();
  if (last.what != &removed) {
    put(at, last);
    sink(at);
    rise(last.what->place_ - 1);
  }
  return true;
}

} // namespace troupe
