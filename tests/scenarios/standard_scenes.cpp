#include "standard_scenes.hpp"

namespace troupe::tests {

const std::vector<scene_kind>& standard_scenes() {
  static const std::vector<scene_kind> all = [] {
    std::vector<scene_kind> kinds = mailbox_scenes();
    for (const auto& more : {supervision_scenes(), service_scenes(), scope_scenes(), actor_scenes(), stream_scenes()})
      kinds.insert(kinds.end(), more.begin(), more.end());
    return kinds;
  }();
  return all;
}

} // namespace troupe::tests
