#include <troupe/scope/event.hpp>

namespace troupe {

std::string_view to_string(event_kind kind) noexcept {
  switch (kind) {
  case event_kind::fiber_started:
    return "fiber_started";
  case event_kind::fiber_ended:
    return "fiber_ended";
  case event_kind::start_refused:
    return "start_refused";
  case event_kind::wait_begun:
    return "wait_begun";
  case event_kind::wait_granted:
    return "wait_granted";
  case event_kind::wait_stopped:
    return "wait_stopped";
  case event_kind::cancel_requested:
    return "cancel_requested";
  case event_kind::slow_slice:
    return "slow_slice";
  }
  return "unknown";
}

void event_sink::on_tree_event(const tree_event&) noexcept {}

} // namespace troupe
