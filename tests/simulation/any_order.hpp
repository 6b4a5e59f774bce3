// For test cases that must hold in any order.

#pragma once

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace troupe::tests {

/// Catch2 runs the test case that calls it once for each of some seeds. Each is a schedule, drawn as in `over_seeds`, in
/// which time passes when nobody can run; and each run must keep all invariants.
///
/// The options are for one of the last few simulators of the test case.
inline simulation_options in_any_order() {
  class checked_run final : public judged_run {
  public:
    using judged_run::judged_run;

  private:
    void run_ends() override {
      judged_run::run_ends();
      CHECK(problems() == "");
    }
  };
  const std::uint64_t seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{seeds(20)}));
  static std::array<std::unique_ptr<checked_run>, 8> kept;
  static std::size_t next = 0;
  std::unique_ptr<checked_run>& mine = kept[next++ % kept.size()];
  mine = std::make_unique<checked_run>(seed);
  return mine->options(seed, clock_mode::autojump);
}

} // namespace troupe::tests
