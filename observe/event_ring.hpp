// The newest events of a tree, numbered, for those who come later or come again.

#pragma once

#include <troupe/observe/scene.hpp>
#include <troupe/scope/event.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace troupe {

/// How many kinds of events there are.
inline constexpr std::size_t tree_event_kinds = static_cast<std::size_t>(tree_event_kind::gave_up) + 1;

/// One event, as it is kept.
struct noted_event {
  std::uint64_t sequence = 0; ///< From 1.
  instant time;
  tree_event_kind kind = tree_event_kind::begun;
  std::string path;
  std::uint64_t incarnation = 0;
  bool failed = false;
  std::string words; ///< "failed: connection refused".
};

/// Takes events of a tree, and keeps the newest. Whoever tells it waits for nothing but a lock under which a few words
/// are written.
class event_ring final : public event_sink {
public:
  /// @param kept  at most so many
  /// @param next  is given every event as well; null: nobody
  explicit event_ring(std::size_t kept, event_sink* next = nullptr) : kept_(kept), next_(next) {}

  void on_event(const event& happened) noexcept override;
  void on_tree_event(const tree_event& happened) noexcept override;
  void on_bytes(const bytes_event& happened) noexcept override;
  bool takes_fiber_events() const noexcept override { return next_ != nullptr && next_->takes_fiber_events(); }
  bool takes_details() const noexcept override { return next_ != nullptr && next_->takes_details(); }

  /// Puts what was noted since the last call behind what was there, which is cut to `kept`. One at a time.
  ///
  /// @thread any, and never in anybody's way for longer than it takes to exchange two lists
  void collect();
  /// How many wait for that.
  ///
  /// @thread any
  std::size_t uncollected() const;
  /// What was collected, and comes after `sequence`. Not beside `collect`.
  std::vector<const noted_event*> since(std::uint64_t sequence) const;
  /// Of the newest that was collected; 0: there is none. As above.
  std::uint64_t newest() const noexcept { return history_.empty() ? 0 : history_.back().sequence; }
  /// How many there were of each kind, ever.
  ///
  /// @thread any
  std::array<std::uint64_t, tree_event_kinds> counts() const;

private:
  const std::size_t kept_;
  event_sink* const next_;
  mutable std::mutex mutex_; // guards what follows, up to the history
  std::deque<noted_event> fresh_;
  std::uint64_t noted_ = 0;
  std::array<std::uint64_t, tree_event_kinds> counts_{};
  std::deque<noted_event> history_;
};

/// "[{"sequence":3,"at":1200,"kind":"ended","path":"/app/db","incarnation":1,"failed":true,"words":"failed: ..."}, ...]".
/// `at` is in milliseconds since `began`.
std::string to_json(const std::vector<const noted_event*>& events, instant began);

} // namespace troupe
