// Small trees in which a fault of the library shows, whatever the fault is: what the exploration of schedules is tried on.

#pragma once

#include <tests/scenarios/findings.hpp>

#include <troupe/scope/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tests {

/// One tree and its books. It knows nothing of tests: whatever of it throws, is cancelled, finds no room or no time, the
/// books must hold afterwards.
class scene {
public:
  virtual ~scene() = default;

  /// The root of the tree.
  virtual task<> run() = 0;
  /// Once that has ended; empty: the books hold.
  virtual findings problems() const = 0;
};

struct scene_kind {
  std::string_view name;
  std::string_view watch; ///< What to watch in it, as a sentence.
  std::unique_ptr<scene> (*make)();
};

const std::vector<scene_kind>& standard_scenes();

/// @name Of which these are the parts
///@{
std::vector<scene_kind> mailbox_scenes();
std::vector<scene_kind> supervision_scenes();
std::vector<scene_kind> service_scenes();
std::vector<scene_kind> scope_scenes();
std::vector<scene_kind> actor_scenes();
std::vector<scene_kind> stream_scenes();
///@}

template <class Scene>
std::unique_ptr<scene> make_scene() {
  return std::make_unique<Scene>();
}

} // namespace troupe::tests
