#include <troupe/mailbox/statistics.hpp>

namespace troupe {

std::string_view to_string(drop_reason reason) noexcept {
  switch (reason) {
  case drop_reason::send_cancelled:
    return "send_cancelled";
  case drop_reason::closed:
    return "closed";
  case drop_reason::rejected:
    return "rejected";
  case drop_reason::newest:
    return "newest";
  case drop_reason::oldest:
    return "oldest";
  case drop_reason::conflated:
    return "conflated";
  case drop_reason::no_receiver:
    return "no_receiver";
  case drop_reason::crashed:
    return "crashed";
  case drop_reason::handling_cancelled:
    return "handling_cancelled";
  case drop_reason::expired:
    return "expired";
  case drop_reason::restarting:
    return "restarting";
  }
  return "unknown";
}

} // namespace troupe
