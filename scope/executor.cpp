#include <troupe/scope/delivery.hpp>
#include <troupe/scope/executor.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/offload_queue.hpp>

#include <utility>

namespace troupe {

namespace {

constinit thread_local const executor* running_outside = nullptr;

} // namespace

std::size_t executor::abandoned() noexcept {
  const detail::offload_queue* const jobs = offloads();
  return abandoned_fibers() + (jobs != nullptr ? jobs->abandoned() : 0);
}

void executor::wait_for_abandoned_fibers() const noexcept {
  while (const std::size_t left = abandoned_fibers())
    disowned_.wait(left, std::memory_order_acquire); // pairs with the release in note_disowned()
}

namespace detail {

delivery::~delivery() {
  if (carrier_ != nullptr)
    carrier_->forget(*this);
}

runs_outside::runs_outside(const executor& by) noexcept : before_(std::exchange(running_outside, &by)) {}
runs_outside::~runs_outside() { running_outside = before_; }

const executor* executor_here() noexcept {
  const fiber* const here = this_fiber::pointer();
  return here != nullptr ? &here->runs_on() : running_outside;
}

} // namespace detail

} // namespace troupe
