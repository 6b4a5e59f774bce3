#include <troupe/scope/sleep.hpp>

namespace troupe::detail {

void sleep_operation::wake(timer& fired, wakeups& woken) noexcept {
  // False when a cancel was faster: the fiber takes the timer back itself.
  static_cast<void>(static_cast<sleep_operation&>(fired).self_->grant(woken));
}

} // namespace troupe::detail
