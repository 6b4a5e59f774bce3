// One run of a random program: in the simulator or on threads.

#pragma once

#include <tests/programs/books.hpp>
#include <tests/programs/program.hpp>

#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/event.hpp>
#include <troupe/scope/thread_pool_executor.hpp>
#include <troupe/simulation/simulator.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::tests {

/// How a run ended.
struct run_report {
  std::string problems; ///< Empty: the books are right, and nothing is left.
  std::vector<mailbox_statistics> totals;
  std::uint64_t steps = 0; ///< In the simulator.
  bool failed = false;     ///< It ended with an error, as it may.
};

/// What a run has counted of each mailbox, without what depends on who was first (such as the greatest depth).
std::vector<std::uint64_t> totals_of(const run_report& run);

/// Counts what must come to nothing: fibers that have started and not ended, waits that have begun and not ended.
class event_balance : public event_sink {
public:
  void on_event(const event& happened) noexcept override;
  /// Empty when nothing is open.
  std::string problems() const;
  void reset() noexcept;

private:
  std::atomic<long> fibers_{0};
  std::atomic<long> waits_{0};
};

/// Runs it under one schedule. `watched`: each step is looked at as well, which takes its time. `all` gets the events.
run_report simulate(const program& of, const simulation_options& schedule, bool watched = false,
                    fault spoiled_by = fault::none, std::vector<event>* all = nullptr);

/// The schedule with this number: a seed, and how the clock goes.
simulation_options schedule_of(const program& of, std::size_t number);

/// Runs it on threads. A program that hangs ends the process, after it was printed.
run_report run_on(thread_pool_executor& pool, event_balance& events, const program& of);

} // namespace troupe::tests
