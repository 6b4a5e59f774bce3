// Steps of a simulation that are taken by others than fibers.

#pragma once

#include <troupe/simulation/choice.hpp>

#include <string>
#include <vector>

namespace troupe {

/// Something else that runs in a simulation, one step at a time: what is ready there may be the next step.
///
/// @thread the simulator's, outside of its fibers
class step_source {
public:
  /// Adds a choice for each step that it could take now, of a kind of its own, with itself as `source`. The number says
  /// which of these it is; one that is ready again later has the same.
  virtual void add_steps(std::vector<choice>& all) = 0;
  /// One of these was picked.
  virtual void run_step(const choice& picked) = 0;
  /// Who waits in it for what, as lines of a report on a run in which nobody can run.
  virtual std::string report() const { return {}; }

protected:
  ~step_source() = default;
};

} // namespace troupe
