#include <troupe/actors/ask_error.hpp>

#include <string>

namespace troupe {

namespace {

std::string_view sentence(ask_failure why) noexcept {
  switch (why) {
  case ask_failure::receiver_down:
    return "the actor has ended; nothing was begun";
  case ask_failure::overflow:
    return "the actor's mailbox is full; nothing was begun";
  case ask_failure::expired:
    return "it had waited in the mailbox for longer than the actor's max_age; nothing was begun";
  case ask_failure::restarting:
    return "the actor was started anew while it was queued; nothing was begun";
  case ask_failure::not_started:
    return "the deadline passed, or the asker was stopped, before it was begun";
  case ask_failure::aborted:
    return "it was begun, and stopped before it had ended";
  case ask_failure::would_deadlock:
    return "the actor, or who it waits for, waits for the asker";
  case ask_failure::broken_promise:
    return "it was begun, and its reply was dropped without an answer";
  case ask_failure::in_doubt:
    return "it was begun, and whether it has ended is not known";
  }
  return "";
}

bool may_have_begun(ask_failure why) noexcept {
  return why != ask_failure::receiver_down && why != ask_failure::overflow && why != ask_failure::expired &&
         why != ask_failure::restarting && why != ask_failure::not_started;
}

} // namespace

std::string_view to_string(ask_failure why) noexcept {
  switch (why) {
  case ask_failure::receiver_down:
    return "receiver_down";
  case ask_failure::overflow:
    return "overflow";
  case ask_failure::expired:
    return "expired";
  case ask_failure::restarting:
    return "restarting";
  case ask_failure::not_started:
    return "not_started";
  case ask_failure::aborted:
    return "aborted";
  case ask_failure::would_deadlock:
    return "would_deadlock";
  case ask_failure::broken_promise:
    return "broken_promise";
  case ask_failure::in_doubt:
    return "in_doubt";
  }
  return "unknown";
}

ask_error::ask_error(ask_failure why)
    : std::runtime_error("ask: " + std::string(to_string(why)) + ": " + std::string(sentence(why))), why_(why),
      begun_(may_have_begun(why)) {}
ask_error::ask_error(const would_deadlock& cycle, bool begun)
    : std::runtime_error("ask: would_deadlock: " + std::string(cycle.what())), why_(ask_failure::would_deadlock),
      begun_(begun) {}

ask_error::ask_error(ask_failure why, std::shared_ptr<void> message, const std::type_info& type) : ask_error(why) {
  message_ = std::move(message);
  type_ = &type;
}

ask_failure detail::failure_of(drop_reason reason) noexcept {
  switch (reason) {
  case drop_reason::send_cancelled:
    return ask_failure::not_started;
  case drop_reason::rejected:
  case drop_reason::newest:
  case drop_reason::oldest:
  case drop_reason::conflated:
    return ask_failure::overflow;
  case drop_reason::expired:
    return ask_failure::expired;
  case drop_reason::restarting:
    return ask_failure::restarting;
  case drop_reason::closed:
  case drop_reason::no_receiver:
  case drop_reason::crashed:
  case drop_reason::handling_cancelled:
    return ask_failure::receiver_down;
  }
  return ask_failure::receiver_down;
}

} // namespace troupe
