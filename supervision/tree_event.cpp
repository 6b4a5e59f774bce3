#include <troupe/supervision/tree_event.hpp>

namespace troupe {

std::string_view to_string(tree_event_kind kind) noexcept {
  switch (kind) {
  case tree_event_kind::begun:
    return "begun";
  case tree_event_kind::started:
    return "started";
  case tree_event_kind::ended:
    return "ended";
  case tree_event_kind::restarting:
    return "restarting";
  case tree_event_kind::stopping:
    return "stopping";
  case tree_event_kind::killed:
    return "killed";
  case tree_event_kind::stopped:
    return "stopped";
  case tree_event_kind::abandoned:
    return "abandoned";
  case tree_event_kind::forgotten:
    return "forgotten";
  case tree_event_kind::gave_up:
    return "gave_up";
  }
  return "?";
}

} // namespace troupe
