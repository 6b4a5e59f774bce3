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
  case event_kind::wait_taken_back:
    return "wait_taken_back";
  case event_kind::cancel_requested:
    return "cancel_requested";
  case event_kind::slow_slice:
    return "slow_slice";
  case event_kind::commits_cancelled:
    return "commits_cancelled";
  case event_kind::stop_taken:
    return "stop_taken";
  case event_kind::scope_entered:
    return "scope_entered";
  case event_kind::scope_left:
    return "scope_left";
  case event_kind::limit_begun:
    return "limit_begun";
  case event_kind::deadline_set:
    return "deadline_set";
  case event_kind::group_ended:
    return "group_ended";
  case event_kind::mailbox_made:
    return "mailbox_made";
  case event_kind::mailbox_closed:
    return "mailbox_closed";
  case event_kind::mailbox_opened:
    return "mailbox_opened";
  case event_kind::mailbox_joined:
    return "mailbox_joined";
  case event_kind::mailbox_gone:
    return "mailbox_gone";
  case event_kind::item_queued:
    return "item_queued";
  case event_kind::item_handed:
    return "item_handed";
  case event_kind::items_claimed:
    return "items_claimed";
  case event_kind::items_put_back:
    return "items_put_back";
  case event_kind::items_freed:
    return "items_freed";
  case event_kind::items_taken:
    return "items_taken";
  case event_kind::items_settled:
    return "items_settled";
  case event_kind::item_kept:
    return "item_kept";
  case event_kind::item_given:
    return "item_given";
  case event_kind::slot_reserved:
    return "slot_reserved";
  case event_kind::slot_returned:
    return "slot_returned";
  case event_kind::ask_sent:
    return "ask_sent";
  case event_kind::ask_begun:
    return "ask_begun";
  case event_kind::ask_answered:
    return "ask_answered";
  case event_kind::ask_ended:
    return "ask_ended";
  case event_kind::finalizer_added:
    return "finalizer_added";
  case event_kind::finalizer_begun:
    return "finalizer_begun";
  case event_kind::finalizer_ended:
    return "finalizer_ended";
  case event_kind::finalizer_dropped:
    return "finalizer_dropped";
  case event_kind::stack_unwound:
    return "stack_unwound";
  case event_kind::supervisor_closing:
    return "supervisor_closing";
  case event_kind::children_restarted:
    return "children_restarted";
  case event_kind::child_retired:
    return "child_retired";
  case event_kind::child_changed:
    return "child_changed";
  case event_kind::child_drains:
    return "child_drains";
  case event_kind::supervises:
    return "supervises";
  case event_kind::start_said:
    return "start_said";
  case event_kind::start_answered:
    return "start_answered";
  case event_kind::escalation_told:
    return "escalation_told";
  case event_kind::stream_made:
    return "stream_made";
  case event_kind::stream_cut:
    return "stream_cut";
  case event_kind::stream_ended:
    return "stream_ended";
  case event_kind::stream_shut:
    return "stream_shut";
  case event_kind::stream_reset:
    return "stream_reset";
  case event_kind::stream_closed:
    return "stream_closed";
  case event_kind::fault_injected:
    return "fault_injected";
  }
  return "unknown";
}

void event_sink::on_tree_event(const tree_event&) noexcept {}
void event_sink::on_bytes(const bytes_event&) noexcept {}

} // namespace troupe
