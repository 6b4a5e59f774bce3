// For test cases that must hold in any order.

#pragma once

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace troupe::tests {

/// As it runs where nobody interferes, but for one point with a choice: there the second is taken, or the last one.
class single_deviation final : public search_strategy {
public:
  /// @param number  0: none; 1 and 2: at the first point, 3 and 4: at the second
  explicit single_deviation(std::size_t number) noexcept : number_(number) {}

  std::string_view name() const noexcept override { return "one deviation"; }
  void begin_run(std::uint64_t, std::size_t) override { points_ = 0; }
  std::size_t pick(std::span<const choice> all) override {
    if (all.size() < 2 || ++points_ != (number_ + 1) / 2)
      return 0;
    return number_ % 2 == 1 ? 1 : all.size() - 1;
  }

private:
  std::size_t number_;
  std::size_t points_ = 0;
};

/// Catch2 runs the test case that calls it once for each of some schedules: with no deviation from how it runs by itself,
/// with each single one at its first points with a choice, and drawn as in `over_seeds`. Time passes when nobody can run,
/// and each run must keep all invariants. A failure names the schedule; TROUPE_SCHEDULE is the number of the only one
/// that is wanted.
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
  const char* const wanted = std::getenv("TROUPE_SCHEDULE");
  const std::size_t first = wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 0;
  const std::size_t deviations = std::max<std::size_t>(seeds(20), 1);
  const std::size_t number = GENERATE_COPY(range(first, wanted != nullptr ? first + 1 : deviations + seeds(20)));
  // Until the next call, not until the end of a block, and never as a static object: Catch2 may be gone when that goes.
  static Catch::ScopedMessage* named = nullptr;
  delete named;
  named = new Catch::ScopedMessage{Catch::MessageBuilder{"INFO", CATCH_INTERNAL_LINEINFO, Catch::ResultWas::Info}
                                   << "TROUPE_SCHEDULE=" << number << " runs this schedule alone"};
  static std::array<std::unique_ptr<checked_run>, 8> kept;
  static std::size_t next = 0;
  std::unique_ptr<checked_run>& mine = kept[next++ % kept.size()];
  const std::uint64_t seed = number < deviations ? number : number - deviations;
  mine = number < deviations ? std::make_unique<checked_run>(seed, 1, std::make_unique<single_deviation>(number))
                             : std::make_unique<checked_run>(seed);
  return mine->options(seed, clock_mode::autojump);
}

} // namespace troupe::tests
