// The search behind `explore`, `sweep` and `replay`.

#pragma once

#include <troupe/testing/explore.hpp>
#include <troupe/testing/last_words.hpp>
#include <troupe/testing/scenario_run.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

class explorer final : last_speaker {
public:
  /// @param told  outlives this
  explorer(budget limits, const scenario& what, const explored_as& told);
  ~explorer();

  /// @name Each throws `broken`
  ///@{
  exploration explore();
  exploration sweep(fault_set faults, std::size_t seeds);
  void simulate(clock_mode clock);
  void replay(const run_plan& plan);
  ///@}

private:
  /// A run that differs from what happens by itself at these points.
  struct deviation {
    std::size_t at;
    std::uint16_t pick;
  };

  std::string last_words() const override;
  run_result run(const run_plan& plan);
  bool replays_instead();
  std::span<const clock_mode> clocks() const noexcept;
  void sweep(fault what, std::size_t seed);
  void plainly();
  void with_deviations();
  void draw();
  void require_none_of(const std::vector<std::string>& never, std::string_view what, std::string_view why) const;
  bool is_out_of_budget() const noexcept { return done_.schedules >= limits_.schedules || was_interrupted(); }
  static bool was_interrupted() noexcept;
  static std::uint64_t mixed(std::uint64_t seed, std::uint64_t number) noexcept;
  [[noreturn]] void fail(const run_plan& plan, const run_result& of);
  run_plan shrunk(run_plan failed, invariant which);
  bool still_fails(const run_plan& plan, invariant which);
  std::string report(const run_plan& small, const violation& first, std::size_t found_after) const;
  exploration finished();

  const detail::last_words at_death_{*this};
  const budget limits_;
  const explored_as& told_;
  scenario_run run_;
  exploration done_;
  std::vector<std::string> vain_; // faults that the test names and that have never struck
  std::size_t longest_ = 0;       // points with a choice, where nobody interferes
  bool counts_to_end_ = true;     // a sweep is over when it is
  std::string strategy_;          // that found it
};

} // namespace troupe::detail
