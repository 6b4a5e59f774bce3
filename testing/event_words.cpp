#include <troupe/scope/fiber.hpp>
#include <troupe/scope/outcome.hpp>
#include <troupe/testing/event_words.hpp>

namespace troupe::detail {

std::string in_words(const event& happened) {
  switch (happened.kind) {
  case event_kind::fault_injected:
    return happened.object == static_cast<std::uint64_t>(fiber::harm::crash) ? "crashes: the test wants it"
                                                                             : "hangs: the test wants it";
  case event_kind::fiber_ended:
    return happened.cause == 1 ? "ends with an error" : "";
  case event_kind::cancel_requested:
    return "is cancelled: " + std::string(to_string(static_cast<cancel_reason>(happened.cause)));
  case event_kind::commits_cancelled:
    return "is cancelled, also what is shielded: " + std::string(to_string(static_cast<cancel_reason>(happened.cause)));
  default:
    return "";
  }
}

std::uint64_t told_of(const event& happened) noexcept {
  const bool is_cancel =
      happened.kind == event_kind::cancel_requested || happened.kind == event_kind::commits_cancelled;
  return is_cancel ? happened.object : happened.subject;
}

} // namespace troupe::detail
