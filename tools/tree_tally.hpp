// What the events of a tree of supervisors come to: counts for each path, and whether each start has one end.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// What was told of one path, or of several.
struct path_counts {
  std::uint64_t starts = 0;
  std::uint64_t restarts = 0;    ///< Of the starts, those that are not the first of their child.
  std::uint64_t ended = 0;       ///< Runs that ended by themselves.
  std::uint64_t stopped = 0;     ///< Runs that ended when they were asked to.
  std::uint64_t abandoned = 0;   ///< Runs that did not.
  std::uint64_t failures = 0;    ///< Of those that ended or were stopped, the ones with an error.
  std::uint64_t escalations = 0; ///< How often it gave up, as a supervisor.

  path_counts& operator+=(const path_counts& more) noexcept;
};

/// Counts the events of one executor, and notes what cannot be: a run that begins while the one before it goes on, one
/// that ends twice, or without a beginning.
///
/// @thread any
class tree_tally final : public event_sink {
public:
  void on_event(const event&) noexcept override {}
  void on_tree_event(const tree_event& happened) noexcept override;
  bool takes_fiber_events() const noexcept override { return false; }

  /// Zeros where nothing was told.
  path_counts of(std::string_view path) const;
  path_counts total() const;
  /// What cannot be, and the runs that have no end yet, in words.
  std::vector<std::string> faults() const;

private:
  static constexpr std::size_t faults_max = 100;

  struct line {
    path_counts counts;
    std::uint64_t running = 0; // which of its runs; 0: none
  };

  void note(const tree_event& happened);
  void begins(const tree_event& happened, line& at);
  void ends(const tree_event& happened, line& at);
  void cannot_be(const tree_event& happened, std::uint64_t running);

  mutable std::mutex mutex_; // guards what follows
  std::map<std::string, line, std::less<>> lines_;
  std::vector<std::string> faults_;
};

} // namespace troupe::tools
