// What may happen next in a simulation, and who decides.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace troupe {

class fiber;
class step_source;

/// What kind of step a choice is.
enum class choice_kind : std::uint8_t {
  fiber,    ///< A ready fiber runs, to its next wait.
  function, ///< An offloaded function runs.
  timer,    ///< Time passes, up to the next timer.
  other,    ///< Something that the driver has offered: a fault.
  job,      ///< Another scheduler that takes part runs something: an actor of CAF's.
  delivery, ///< What was sent over a network in memory arrives.
};

/// One of the steps that could be next.
struct choice {
  choice_kind kind = choice_kind::fiber;
  std::uint64_t number = 0; ///< Of the fiber or, of what arrives, its stream, as in events; else: which of its kind.
  std::uint64_t object = 0; ///< What the fiber has waited for, or that stream; 0: nothing that has a number.
  fiber* runs = nullptr;    ///< Of kind `fiber`.
  step_source* source = nullptr; ///< Of kinds `function` and `job`: who takes the step.
};

/// Decides what happens next in one simulated run.
class simulation_driver {
public:
  virtual ~simulation_driver() = default;

  /// A tree is about to run; and it has ended, nothing of it is left to run.
  virtual void run_begins() {}
  virtual void run_ends() {}
  /// Which of these is next. The first is what happens where nobody interferes: ready fibers and what is to arrive come
  /// first, in the order in which they were ready and it was sent; then functions, jobs, a timer, and what was offered.
  /// Not asked where there is just one.
  ///
  /// @returns an index into `all`
  virtual std::size_t pick(std::span<const choice> all) = 0;
  /// Adds what else could be next, of kind `other`; only where something of the run could be, too.
  virtual void offer(std::vector<choice>& all) { static_cast<void>(all); }
  /// One of these was picked. That is a step.
  virtual void take(const choice& offered) { static_cast<void>(offered); }
  /// The fiber runs next, in the step of that number.
  virtual void before_run(fiber& next, std::uint64_t step) {
    static_cast<void>(next);
    static_cast<void>(step);
  }
  /// A step is done, and nothing runs.
  virtual void after_step() {}
  /// Nobody can run, and time passes.
  virtual void before_time_passes() {}
  /// Nobody can run, and who waits is idle by nature: the tree of this root is shut down.
  virtual void before_shutdown(fiber& top) { static_cast<void>(top); }
  /// A fiber runs through a `fault_point`. What this throws is thrown there.
  virtual void reach_fault_point(std::string_view name) { static_cast<void>(name); }
  /// As `executor::pretends_full`.
  virtual bool pretends_full() noexcept { return false; }
  /// As `executor::moves_at_once`, of more than one.
  virtual std::size_t moves_at_once(std::size_t most, std::uint64_t stream) {
    static_cast<void>(stream);
    return most;
  }
  /// As `executor::loses_connection`.
  virtual bool loses_connection() noexcept { return false; }
  /// How many operations the fiber that runs next may do before others get their turn.
  virtual int operations_per_slice() { return 1; }
};

} // namespace troupe
