// What has happened in one simulated run, and whether it may.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/supervision/tree_event.hpp>
#include <troupe/testing/fiber_rules.hpp>
#include <troupe/testing/mailbox_rules.hpp>
#include <troupe/testing/stream_rules.hpp>
#include <troupe/testing/tree_rules.hpp>
#include <troupe/testing/violation.hpp>
#include <troupe/testing/work_rules.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class fiber;

/// A `tree_event`, kept.
struct tree_record {
  instant time;
  std::uint64_t step = 0;
  tree_event_kind kind{};
  std::string path;
  std::uint64_t incarnation = 0;
  exit_reason reason;
  duration wait{};
  std::uint64_t child = 0;       ///< Number of the fiber that runs the child.
  std::size_t events_before = 0; ///< How many of `trace::events()` came before it.
};

/// A fiber that ran, from one wait to the next; what happened in that.
struct slice_record {
  std::uint64_t fiber = 0;
  std::uint64_t step = 0;
  instant time;
  std::size_t events_from = 0, events_until = 0;
  std::size_t tree_from = 0, tree_until = 0;
};

/// What happened in a run. Keeps what happened to supervised children, and, where that is wanted, everything; looks at
/// all of it as it comes, and tells the verdict what may not be.
class trace final : public event_sink {
public:
  explicit trace(verdict& to) noexcept;

  /// Forgets the run before.
  ///
  /// @param keeps_all  also each event, and the paths of fibers: several times as slow
  void begin_run(bool keeps_all);
  /// A step begins.
  void note_step(std::uint64_t step) noexcept { to_.step = step; }
  /// This was chosen of several steps: part of what must be the same where the run is the same.
  void note_choice(std::uint64_t kind, std::uint64_t number) noexcept {
    mix(kind);
    mix(number);
  }
  /// A step is over: what must be true between two steps is.
  void after_step();
  /// Nobody can run, and time is about to pass.
  void at_rest(instant now);
  /// The run is over.
  void at_end(instant now);
  /// A fiber runs next.
  ///
  /// @pre keeps_all()
  void note_run(const fiber& next);

  const std::vector<tree_record>& tree() const noexcept { return tree_; }
  /// Everything, where it was kept.
  const std::vector<event>& events() const noexcept { return events_; }
  /// In which step each of these happened.
  const std::vector<std::uint64_t>& steps() const noexcept { return steps_; }
  /// Which fibers ran, one after the other.
  const std::vector<slice_record>& slices() const noexcept { return slices_; }
  /// The fibers that hang since a test wants it, by their numbers.
  const std::vector<std::uint64_t>& hangs() const noexcept { return hangs_; }
  bool keeps_all() const noexcept { return keeps_all_; }
  /// "/app/db", where everything was kept; else "fiber 7".
  std::string path_of(std::uint64_t fiber) const;
  /// What a wait is for, by its `wait_line`: "receive"; "go on", where nobody knows.
  std::string_view wait_of(std::uint64_t line) const;
  /// Of all that has happened, in its order: two runs that differ in anything have different ones.
  std::uint64_t hash() const noexcept { return hash_; }
  std::size_t events_seen() const noexcept { return seen_; }

  void on_event(const event& happened) noexcept override;
  void on_tree_event(const tree_event& happened) noexcept override;
  void on_bytes(const bytes_event& happened) noexcept override;
  bool takes_details() const noexcept override { return true; }

private:
  void mix(std::uint64_t value) noexcept { hash_ = (hash_ ^ value) * 1'099'511'628'211U; }

  verdict& to_;
  detail::fiber_rules fibers_;
  detail::mailbox_rules mailboxes_;
  detail::work_rules work_;
  detail::tree_rules trees_;
  detail::stream_rules streams_;
  std::vector<tree_record> tree_;
  std::vector<event> events_;
  std::vector<std::uint64_t> steps_;
  std::vector<slice_record> slices_;
  std::vector<std::uint64_t> hangs_;
  std::map<std::uint64_t, std::string> paths_;
  std::map<std::uint64_t, std::string> waits_; // by their wait_line
  bool keeps_all_ = false;
  std::uint64_t hash_ = 0;
  std::size_t seen_ = 0;
};

/// What has happened to supervised children, and what harmed the run, as a story: a line each, with the virtual time.
std::string story_of(const trace& run);
/// The last fibers that ran, a line each: what a run without supervised children has for a story.
///
/// @pre run.keeps_all()
std::string last_steps_of(const trace& run, std::size_t lines_max);

} // namespace troupe
