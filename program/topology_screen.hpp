// How far the run of a topology is: a line on standard error.

#pragma once

#include <troupe/topology/running.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace troupe::tools {

/// Shows how many items were handled, where most wait, and restarts, ten times a second, from a thread of its own until
/// it goes: the tree has no part in it.
class topology_screen {
public:
  /// @param of     outlives this
  /// @param plain  lines, also on a terminal
  topology_screen(const topology::running& of, bool plain);
  ~topology_screen();
  topology_screen(const topology_screen&) = delete;
  topology_screen& operator=(const topology_screen&) = delete;

private:
  void show();

  const topology::running& of_;
  const bool plain_;
  std::mutex mutex_; // of what follows
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread thread_;
};

} // namespace troupe::tools
