#include <troupe/scope/outcome.hpp>

namespace troupe {

std::string_view to_string(cancel_reason reason) noexcept {
  switch (reason) {
  case cancel_reason::requested:
    return "requested";
  case cancel_reason::deadline:
    return "deadline";
  case cancel_reason::sibling_failed:
    return "sibling_failed";
  case cancel_reason::shutdown:
    return "shutdown";
  case cancel_reason::scope_closed:
    return "scope_closed";
  case cancel_reason::revoked:
    return "revoked";
  }
  return "unknown";
}

} // namespace troupe
