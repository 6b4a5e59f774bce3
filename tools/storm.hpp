// The storm of `troupe run storm`: a tree of supervisors on three levels, whose workers crash.

#pragma once

#include <troupe/observe/observer.hpp>
#include <troupe/program/books.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/supervision/strategy.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/tools/tree_tally.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::tools {

struct storm_options {
  duration lasts = std::chrono::seconds{3};
  std::size_t workers = 3;    ///< In each section.
  unsigned crash_percent = 4; ///< Of the steps of a worker, one each 10 to 100 ms; which ones the seed says.
  std::size_t intensity = 3;  ///< Restarts within 1 s before a section gives up; the app does after as many sections.
  std::uint64_t seed = 1;
  duration progress_pause = std::chrono::milliseconds{100};
};

/// A part of the app: a supervisor, and workers of one kind.
struct storm_section {
  const char* name;
  const char* worker;
  restart_strategy strategy;
};
inline constexpr std::array<storm_section, 3> storm_sections{{
    {"ingest", "parser", restart_strategy::one_for_one},
    {"store", "shard", restart_strategy::rest_for_one},
    {"serve", "handler", restart_strategy::one_for_all},
}};

/// What the fibers of one run share, and what is left when they have ended. Outlives the executor; its tally takes the
/// events of that.
class storm_run {
public:
  /// `on_look` is called now and then; false: nobody wants the story any more, stop.
  storm_run(const storm_options& with, std::function<bool()> on_look);

  /// A worker: its own books.
  struct worker {
    std::string name;
    std::string path;
    std::atomic<std::uint64_t> runs{0};
    std::atomic<std::uint64_t> crashes{0};
  };
  std::vector<worker>& workers_of(std::size_t section) noexcept { return workers_[section]; }
  const std::vector<worker>& workers_of(std::size_t section) const noexcept { return workers_[section]; }

  /// What a supervisor says of a child that it does not have any more: how often that was started.
  void note_starts(const std::string& path, std::uint64_t starts);
  std::uint64_t starts_of(const std::string& path) const;

  /// A child that runs or may run again, by which others reach it; empty: it does not any more.
  void reach(const std::string& path, std::optional<supervised> child);
  /// Begins what is asked for of the child of that path. What is wrong; empty: nothing.
  ///
  /// @thread any
  std::optional<std::string> control(control_action action, std::string_view path) const;

  const storm_options options;
  const std::function<bool()> on_look;
  tree_tally tally;
  std::atomic<std::int64_t> alive{0}; ///< Children whose frames are there.
  std::exception_ptr gave_up;         ///< Why the app has, null: it has not.
  instant begun{};
  bool unwanted = false; ///< The listener stopped it.

private:
  std::array<std::vector<worker>, storm_sections.size()> workers_;
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> starts_; // by path, of all children that were there
  std::map<std::string, supervised, std::less<>> reached_;
};

/// Runs the tree until its time is over, or until the app gives up.
///
/// @param run outlives the tree
/// @cancel    the tree is stopped in order, last child first
/// @throws    `error_group` with `escalated` where the app gives up
task<> storm(storm_run& run);

/// What must hold once all have ended: each start has one end; events, supervisors and workers have counted the same;
/// nothing is alive.
books audit(const storm_run& ended);

/// A table of the paths and the accounting; before that, where the app gave up, what led to it. `partial` says why it was
/// stopped; empty: it was not.
std::string report(const storm_run& ended, const books& audited, duration took, const std::string& partial);

/// Where a supervisor gave up: what led to it, a line for each level. Empty for another error.
std::string chain_of(const std::exception_ptr& error);

} // namespace troupe::tools
