// Runs a scenario under many schedules, and under each fault, until one shows that something is wrong.

#pragma once

#include <troupe/simulation/schedule.hpp>
#include <troupe/testing/faults.hpp>
#include <troupe/testing/simulation.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// How much may be tried.
struct budget {
  std::size_t schedules = 3'000;     ///< Runs in all.
  std::uint64_t steps_max = 100'000; ///< Of one run; more is taken for one that does not end.
  std::uint64_t seed = 0;            ///< Of what is drawn.
  /// False: time passes only when nobody can run. Else also at any moment, so that any limit may expire, also that of an
  /// ask (5 s where nothing else was said), however little there is to do.
  bool time_passes_at_any_moment = true;
};

/// What an exploration, or a sweep, has done.
struct exploration {
  std::size_t schedules = 0;
  std::size_t one_deviation = 0;  ///< Of these: where once something else was chosen than happens by itself.
  std::size_t two_deviations = 0; ///< Twice.
  bool all_of_one = false;        ///< There are no more with one deviation.
  bool all_of_two = false;
  std::uint64_t steps_min = 0, steps_max = 0, steps_total = 0;
  std::array<std::uint64_t, invariants_count> looks{}; ///< How often each invariant had something to look at.
  std::array<std::uint64_t, faults_count> faults{};    ///< Of a sweep: runs with each kind.
  /// Those of `all_faults`, and those that were armed without a name, for which there was no opportunity in any run, or
  /// which were never chosen. What a test names must strike.
  std::vector<std::string> never_struck;

  /// In a few lines.
  std::string text() const;
};

/// A run was wrong: which, how, and how to have it again. Thrown out of a test case it fails the test, in Catch2 and
/// elsewhere.
class broken : public std::runtime_error {
public:
  broken(const std::string& report, std::vector<violation> found, std::string replay, std::size_t schedules)
      : std::runtime_error(report), found_(std::move(found)), replay_(std::move(replay)), schedules_(schedules) {}

  /// What was wrong, first of all.
  const violation& first() const noexcept { return found_.front(); }
  /// All that was wrong with that run, up to `verdict::violations_max`.
  const std::vector<violation>& found() const noexcept { return found_; }
  /// For `replay`, and for `TROUPE_REPLAY`: as short as it could be made.
  const std::string& schedule() const noexcept { return replay_; }
  /// How many runs it took.
  std::size_t schedules() const noexcept { return schedules_; }

private:
  std::vector<violation> found_;
  std::string replay_;
  std::size_t schedules_;
};

/// What is explored, for who reads of it: the line of the call, where nothing else is said.
class explored_as {
public:
  /// "store_test.cpp:12", whose failures `TROUPE_REPLAY` and `replay` have again.
  explored_as(const std::source_location& where);
  /// For a program that explores what its user gives it.
  ///
  /// @param again  what to do to have a schedule again, as `broken::schedule()` gives it
  explored_as(std::string name, std::function<std::string(const std::string& schedule)> again);

  const std::string& name() const noexcept { return name_; }
  std::string again(const std::string& schedule) const { return again_(schedule); }

private:
  std::string name_;
  std::function<std::string(const std::string&)> again_;
};

/// Runs it once, in an order drawn from the seed; or the schedule in TROUPE_REPLAY, as `explore`.
///
/// @param clock  when time passes: when nobody can run; in `simulation::advance` alone; or at any moment, so that any
///               limit may expire
/// @throws `broken`
void simulate(std::uint64_t seed, const scenario& what, clock_mode clock = clock_mode::autojump,
              const explored_as& told = std::source_location::current());

/// Runs it under many schedules: as it runs where nobody interferes; with each single deviation from that; with each
/// two, where there are few; and then in orders drawn by four strategies in turn, with time that passes when nobody can
/// run, and at any moment. Whether and when an armed fault strikes is part of the schedule.
///
/// Where the environment variable TROUPE_REPLAY is set, runs that schedule alone, and tells all that happens in it.
///
/// @returns what was tried
/// @throws  `broken`: of the first run that was wrong. Also where `sometimes` never happened, where a fault that is armed
///          by name never struck, and where the same schedule was not the same run
exploration explore(budget limits, const scenario& what, const explored_as& told = std::source_location::current());

/// Runs it with one fault of each kind, at the first opportunity for it, at the second, and so on, until a run has no
/// more. What comes out of the scenario may then be an error or a cancel; all else must hold. (SQLite's tests let each
/// allocation fail in turn; the idea is theirs.)
///
/// @param faults  `all_faults`, or those that are meant: of these each must find an opportunity
/// @param seeds   how many orders, one at least; the first is that where nobody interferes
/// @param schedules_max  a sweep that takes more than that fails, as not all of it was tried
/// @returns @throws as `explore`
exploration sweep(fault_set faults, const scenario& what, std::size_t seeds = 1, std::size_t schedules_max = 100'000,
                  const explored_as& told = std::source_location::current());

/// Runs one schedule, as `broken::schedule()` gives it: for a fault that was found once and must not come back.
///
/// @throws `broken`; `schedule_error`, `std::invalid_argument`: the text is none, or does not fit the scenario: it decides
///         what there is not to decide, as when the scenario has changed since
void replay(std::string_view schedule, const scenario& what, const explored_as& told = std::source_location::current());

} // namespace troupe
