// One run of a scenario after the other, each as it is planned.

#pragma once

#include <troupe/simulation/random.hpp>
#include <troupe/simulation/schedule.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/simulation/strategies.hpp>
#include <troupe/testing/simulation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// What is decided before a run.
struct run_plan {
  schedule given;                      // then:
  search_strategy* strategy = nullptr; // null: what happens where nobody interferes
  std::optional<swept_fault> swept;
  std::uint64_t seed = 0;
  bool keeps_all = false;
  bool draws = false; // something is drawn from the seed

  /// For `TROUPE_REPLAY`: "crash@17,race/1:(12)3"; with "seed=5," before it where something is drawn from that.
  std::string text() const;
  /// @throws schedule_error, std::invalid_argument
  static run_plan parse(std::string_view text);
};

/// What has come of it.
struct run_result {
  schedule taken;                    // with which it can be had again
  std::vector<std::uint16_t> widths; // how many choices there were at each point
  std::uint64_t steps = 0;
  std::uint64_t hash = 0;
  bool fault_had_its_turn = false; // of a sweep
  bool fault_struck = false;       // and there was something to harm
  bool draws = false;              // as in the plan
  std::string how_it_ended;        // empty: with a value
  std::string misfit;              // why the schedule is not one of this scenario; empty: it is
};

class scenario_run final : simulation_driver {
public:
  scenario_run(const scenario& what, std::uint64_t steps_max);
  ~scenario_run() override;

  run_result run(const run_plan& plan);
  /// The run that is under way, as far as it is.
  run_plan under_way() const;

  const verdict& found() const noexcept { return verdict_; }
  /// Of the last run.
  std::uint64_t steps() const noexcept { return steps_; }
  const trace& seen() const noexcept { return simulation_->trace_; }
  /// Of the last run, where all of it was kept: who waited for what when it was first found wrong. Empty: the tree had
  /// ended then, or what was found says so itself.
  const std::string& waits() const noexcept { return waits_; }
  /// What `sometimes` was said of, and never happened.
  std::vector<std::string> never_happened() const;
  /// What was armed, by name or without one, and struck in no run.
  std::vector<std::string> never_struck(bool by_name) const;

private:
  std::size_t pick(std::span<const choice> all) override;
  void offer(std::vector<choice>& all) override;
  void take(const choice& offered) override;
  void before_run(fiber& next, std::uint64_t step) override;
  void after_step() override;
  void before_time_passes() override;
  void before_shutdown(fiber& top) override;
  void reach_fault_point(std::string_view name) override;
  bool pretends_full() noexcept override { return strikes_here(fault::overflow); }
  std::size_t moves_at_once(std::size_t most, std::uint64_t stream) override;
  bool loses_connection() noexcept override { return strikes_here(fault::reset); }
  int operations_per_slice() override { return plan_->given.operations; }

  void begin(const run_plan& plan);
  void judge(const outcome<>& ended);
  void look_for_misfit();
  void forget_the_run();
  void harm(fiber& next, fault what);
  /// The `at`-th opportunity for the fault of a sweep.
  bool strikes_now(fault what) noexcept;
  /// What strikes at places of its own does at this one, in the fiber that runs.
  bool strikes_here(fault what) noexcept;
  bool is_chosen_to_strike(fault what, std::string_view where);
  /// As it is planned.
  bool strikes(armed_fault& planned);
  bool can_strike(const fiber& next, fault what) const noexcept;
  const std::string& path_of(fiber& of);

  const scenario& scenario_;
  const std::uint64_t steps_max_;
  verdict verdict_;
  std::unique_ptr<simulation> simulation_;
  std::unique_ptr<simulator> simulator_;
  // Of the run that is under way:
  const run_plan* plan_ = nullptr;
  run_result result_;
  fiber* root_ = nullptr;
  std::uint64_t opportunities_ = 0;
  seeded_random fault_random_{0};
  std::uint64_t steps_ = 0;
  std::vector<std::string> paths_; // by fiber
  std::string waits_;
  std::string idle_; // who waited for what when the tree was shut down
};

} // namespace troupe::detail
