// A scene, or an application, as a scenario that is judged by its books.

#pragma once

#include <tests/scenarios/findings.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/testing/simulation.hpp>

#include <memory>
#include <string>
#include <utility>

namespace troupe::tests {

inline void tell(simulation& sim, const std::string& problems) { sim.require(problems.empty(), problems); }
inline void tell(simulation& sim, const findings& problems) {
  for (const finding& each : problems)
    sim.violated(each.of, each.what);
}

/// What comes out of it is its own affair, as long as its books hold.
template <class Tree>
task<> judged(simulation& sim, std::unique_ptr<Tree> of) {
  Tree& made = *sim.make<std::unique_ptr<Tree>>(std::move(of));
  sim.at_end([&sim, &made] {
    tell(sim, made.problems());
    return std::string();
  });
  static_cast<void>(co_await as_outcome(made.run()));
}

} // namespace troupe::tests
