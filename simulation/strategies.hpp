// How to choose schedules of which one may show a fault.

#pragma once

#include <troupe/simulation/choice.hpp>
#include <troupe/simulation/random.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace troupe {

/// Picks the choices of many runs of one scenario, one run after the other.
class search_strategy {
public:
  virtual ~search_strategy() = default;

  virtual std::string_view name() const noexcept = 0;
  /// A run begins.
  ///
  /// @param steps  points with a choice in the longest run so far
  virtual void begin_run(std::uint64_t seed, std::size_t steps) = 0;
  /// As `simulation_driver::pick`.
  virtual std::size_t pick(std::span<const choice> all) = 0;
};

/// Each choice with the same probability. Finds what takes several orders at once, and never what takes long starvation.
std::unique_ptr<search_strategy> random_walk();

/// Priorities: the ready one with the highest runs, and at `depth - 1` random points the one that runs falls behind all
/// others. Finds a fault of that depth, one that takes `depth` constraints on the order of n fibers in k steps, with a
/// probability of at least 1/(n k^(depth - 1)) a run. (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized
/// scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010.) One that runs very long while others are
/// ready falls behind them, too: it may wait for them.
std::unique_ptr<search_strategy> priorities_with_changes(std::size_t depth);

/// A random priority for each event that could be next, drawn anew for those at the same object as what has run.
/// (Yuan, Yang, Gu, "Partial order aware concurrency sampling", CAV 2018.)
std::unique_ptr<search_strategy> partial_order_sampling();

} // namespace troupe
