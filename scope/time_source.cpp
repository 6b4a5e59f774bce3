#include <troupe/scope/assert.hpp>
#include <troupe/scope/time_source.hpp>

namespace troupe {

bool timer_heap::before(const timer& a, const timer& b) noexcept {
  return a.when_ != b.when_ ? a.when_ < b.when_ : a.order_ < b.order_;
}

void timer_heap::put(std::size_t at, timer& moved) noexcept {
  heap_[at] = &moved;
  moved.place_ = at + 1;
}

void timer_heap::rise(std::size_t at) noexcept {
  timer& moved = *heap_[at];
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (!before(moved, *heap_[parent]))
      break;
    put(at, *heap_[parent]);
    at = parent;
  }
  put(at, moved);
}

void timer_heap::sink(std::size_t at) noexcept {
  timer& moved = *heap_[at];
  for (;;) {
    std::size_t least = 2 * at + 1;
    if (least >= heap_.size())
      break;
    if (least + 1 < heap_.size() && before(*heap_[least + 1], *heap_[least]))
      ++least;
    if (!before(*heap_[least], moved))
      break;
    put(at, *heap_[least]);
    at = least;
  }
  put(at, moved);
}

void timer_heap::add(timer& added) {
  TROUPE_ASSERT(added.place_ == 0, "a timer was added twice: remove it before adding it again");
  added.order_ = ++added_;
  heap_.push_back(&added);
  rise(heap_.size() - 1);
}

bool timer_heap::remove(timer& removed) noexcept {
  if (removed.place_ == 0)
    return false;
  const std::size_t at = removed.place_ - 1;
  removed.place_ = 0;
  timer* last = heap_.back();
  heap_.pop_back();
  if (last != &removed) {
    put(at, *last);
    sink(at);
    rise(last->place_ - 1);
  }
  return true;
}

} // namespace troupe
