// What a test has found to be wrong, and who collects it.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What holds in every run of every tree, by its number in docs/testing.md. `simulate`, `explore` and `sweep` check all.
enum class invariant : std::uint8_t {
  own,              ///< What the test itself requires.
  no_loss = 1,      ///< What was accepted is handled or dropped, once.
  no_duplicate,     ///< And not twice.
  fifo,             ///< What is queued is received in its order.
  capacity,         ///< No more is queued and reserved than there is room for.
  no_stranded_wait, ///< Nobody waits for room, or for an item, that is there.
  no_barging,       ///< Nobody overtakes those who wait.
  containment,      ///< What a fiber starts ends before it does.
  stop_order,       ///< Children are stopped last first, one after the other.
  restart_set,      ///< A failed child is started anew, with those that its strategy says.
  one_incarnation,  ///< No run of a child begins before the last one has ended.
  intensity,        ///< A supervisor restarts as often as it may, and gives up after that.
  escalation,       ///< It gives up with a cause, once.
  no_stale_event,   ///< What an earlier run of a child does concerns nobody.
  one_outcome,      ///< An ask has one answer.
  deadline,         ///< A limit acts when its time has come, not before and not later.
  shield,           ///< No cancel reaches into a shield, or into cleanup.
  cancel_reaches,   ///< A cancel reaches everybody in its scope.
  cleanup,          ///< What was put on an exit stack runs once, last first.
  errors_kept,      ///< A failure is told to whoever owns the one that failed.
  drain,            ///< Who joins a mailbox goes on when all is settled.
  no_deadlock,      ///< Whoever waits can go on.
  progress,         ///< A run ends.
  nothing_left,     ///< A run leaves nothing behind.
  budgeted_stop,    ///< A child is stopped in the time that it has, killed after that, and then abandoned.
  bytes,            ///< Of streams.
  determinism,      ///< The same schedule is the same run.
};
inline constexpr std::size_t invariants_count = 27;

/// "INV-5 no_stranded_wait"; "own".
std::string to_string(invariant which);
/// Of "INV-5", or the name.
///
/// @throws std::invalid_argument
invariant invariant_of(std::string_view text);

/// One thing that does not hold.
struct violation {
  invariant which = invariant::own;
  std::string what;
  std::uint64_t step = 0;
  instant at{};
};

/// Collects what is wrong with one run.
class verdict {
public:
  /// How many are kept. The first is what counts; others may follow from it.
  static constexpr std::size_t violations_max = 10;

  void begin_run() noexcept {
    violations_.clear();
    step = 0;
    now = instant{};
  }
  /// That an invariant had something to look at.
  void looked(invariant at) noexcept { ++looks_[static_cast<std::size_t>(at)]; }
  void violated(invariant which, std::string what) {
    if (violations_.size() < violations_max)
      violations_.push_back({which, std::move(what), step, now});
  }

  bool good() const noexcept { return violations_.empty(); }
  const std::vector<violation>& violations() const noexcept { return violations_; }
  /// Over all runs.
  std::uint64_t looks(invariant at) const noexcept { return looks_[static_cast<std::size_t>(at)]; }

  std::uint64_t step = 0; ///< Where the run is.
  instant now{};
  /// Time passes only while nobody can run: then what is done in time is done at its time.
  bool is_on_time = false;

private:
  std::vector<violation> violations_;
  std::array<std::uint64_t, invariants_count> looks_{};
};

} // namespace troupe
