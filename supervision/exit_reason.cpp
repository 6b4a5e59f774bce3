#include <troupe/supervision/exit_reason.hpp>

namespace troupe {

std::string_view to_string(exit_kind kind) noexcept {
  switch (kind) {
  case exit_kind::normal:
    return "normal";
  case exit_kind::cancelled:
    return "cancelled";
  case exit_kind::failed:
    return "failed";
  case exit_kind::killed:
    return "killed";
  }
  return "?";
}

} // namespace troupe
