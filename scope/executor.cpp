#include <troupe/scope/executor.hpp>
#include <troupe/scope/offload_queue.hpp>

namespace troupe {

std::size_t executor::abandoned() noexcept {
  const detail::offload_queue* const jobs = offloads();
  return jobs != nullptr ? jobs->abandoned() : 0;
}

} // namespace troupe
