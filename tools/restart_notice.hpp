// Tells people that the actors of a service are started anew, and why.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/scope/time_source.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace troupe::tools {

/// Says which child of a supervisor has failed, with what, at most every 5 s; how many it has left out it says the next
/// time.
///
/// @thread any
class restart_notice final : public event_sink {
public:
  /// @param says  is given a sentence, on the thread of the supervisor
  explicit restart_notice(std::function<void(const std::string&)> says) : says_(std::move(says)) {}

  void on_event(const event&) noexcept override {}
  void on_tree_event(const tree_event& happened) noexcept override;
  bool takes_fiber_events() const noexcept override { return false; }

private:
  const std::function<void(const std::string&)> says_;
  std::mutex lock_; // guards the rest
  std::optional<instant> said_;
  std::uint64_t omitted_ = 0; // since then
};

} // namespace troupe::tools
