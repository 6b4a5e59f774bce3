#include <troupe/supervision/child_spec.hpp>

namespace troupe {

std::string_view to_string(child_status state) noexcept {
  switch (state) {
  case child_status::down:
    return "down";
  case child_status::backing_off:
    return "backing_off";
  case child_status::starting:
    return "starting";
  case child_status::running:
    return "running";
  case child_status::stopping:
    return "stopping";
  }
  return "?";
}

} // namespace troupe
