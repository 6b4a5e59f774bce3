#include <troupe/scope/deadline.hpp>

namespace troupe::detail {

void deadline_scope::expire(timer& fired) noexcept {
  static_cast<deadline_scope&>(fired).scope_.cancel(cancel_reason::deadline);
}

} // namespace troupe::detail
