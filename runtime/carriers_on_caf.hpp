// Fibers on CAF's worker threads, beside plain CAF actors.

#pragma once

#include <troupe/scope/carriers.hpp>
#include <troupe/scope/offload_threads.hpp>

#include <memory>

namespace caf {
class actor_system;
}

namespace troupe {

/// One CAF job per worker of an actor system of its own, each draining a carrier.
///
/// CAF jobs are dear and few, fibers are cheap and many, so CAF schedules carriers and carriers run fibers. A carrier
/// that has used up its turn goes to the end of CAF's queue, so CAF actors get theirs; one without work is not in
/// CAF's hands at all. The scheduler's policy is `sharing`: it is fair, and an enqueue wakes exactly one idle worker.
/// (Under CAF's default, stealing, a pair of actors that keeps a worker busy starves everything else on it.)
class carriers_on_caf final : public carrier_pool {
public:
  /// Starts the actor system. Its threads take no signals.
  ///
  /// @param workers  threads of the actor system, and carriers; 0: as many as there are cores
  explicit carriers_on_caf(time_source& time, std::size_t workers = 0, event_sink* sink = nullptr,
                           std::size_t offload_threads_max = offload_threads_max_default);
  /// Waits for functions that were abandoned, sends the carriers home, then waits for the CAF actors that are left,
  /// then for the threads.
  ///
  /// @pre all roots have ended, and no timer fires any more
  ~carriers_on_caf() override;

  /// For CAF actors that live beside the fibers, on the same threads.
  ///
  /// @thread any
  caf::actor_system& actor_system() noexcept;

  detail::offload_threads* offloads() noexcept override { return &offloads_; }

private:
  class job;
  struct caf_side;

  void bring(carrier& brought) noexcept override;
  duration nap_alone_max() const noexcept override;

  detail::offload_threads offloads_;
  std::unique_ptr<caf_side> caf_;
};

} // namespace troupe
