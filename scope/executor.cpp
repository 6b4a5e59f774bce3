#include <troupe/scope/executor.hpp>
#include <troupe/scope/offload_queue.hpp>

namespace troupe {

std::size_t executor::abandoned() noexcept {
  const detail::offload_queue* const jobs = offloads();
  return abandoned_fibers() + (jobs != nullptr ? jobs->abandoned() : 0);
}

void executor::wait_for_abandoned_fibers() const noexcept {
  while (const std::size_t left = abandoned_fibers())
    disowned_.wait(left, std::memory_order_acquire); // pairs with the release in note_disowned()
}

} // namespace troupe
