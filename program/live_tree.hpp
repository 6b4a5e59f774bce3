// A tree that runs in this program, drawn on the terminal.

#pragma once

#include <troupe/observe/observer.hpp>
#include <troupe/observe/scene.hpp>
#include <troupe/program/terminal_screen.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace troupe::tools {

/// Draws the tree ten times a second, from a thread of its own: the tree has no part in it. A run that is shorter than
/// that is not drawn.
class live_tree {
public:
  /// @param on     outlives this, and was made before the threads of the runtime
  /// @param what   is called by that thread
  /// @param about  stands above the tree, where there is room
  live_tree(terminal_screen& on, observed what, std::vector<std::string> about);
  ~live_tree();
  live_tree(const live_tree&) = delete;
  live_tree& operator=(const live_tree&) = delete;

private:
  void draw() noexcept;
  std::string frame(const frame_shape& shape);

  terminal_screen& on_;
  const observed what_;
  const std::vector<std::string> about_;
  const instant began_;
  scene_maker scenes_;
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

} // namespace troupe::tools
