// One simulated run, as the scenario that runs in it sees it.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/testing/faults.hpp>
#include <troupe/testing/trace.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

class simulator;

namespace detail {
class scenario_run;
}

/// What a scenario can say to, and ask of, the run that it is in.
///
/// A scenario is run many times, each time from its beginning: whatever it changes must be its own, a local variable or
/// made by `make`.
class simulation {
public:
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  /// Makes an object that lives until the run has been judged: for what `at_end` and `always` look at, which may
  /// outlive the frames of the scenario, since the run may be cancelled.
  template <class T, class... Args>
  T& make(Args&&... args) {
    auto made = std::make_shared<T>(std::forward<Args>(args)...);
    kept_.push_back(made);
    return *made;
  }

  /// The run is wrong unless `holds`.
  void require(bool holds, std::string_view otherwise);
  /// The run is wrong: an invariant does not hold, as only the scenario can see. What was sent, what was done with it
  /// and what its sender was told, is known to it alone.
  void violated(invariant which, std::string_view what);
  /// Must be true after each step. `holds` looks, and changes nothing.
  void always(std::string_view what, std::function<bool()> holds);
  /// Must be true once the tree has ended, in whatever way.
  void at_end(std::string_view what, std::function<bool()> holds);
  /// The same for what says itself what is wrong; empty: nothing.
  void at_end(std::function<std::string()> problems);

  /// The scenario is a service: nothing of it follows what it waits for in the end. Once all who wait are idle it is shut
  /// down, as any simulated tree, and that is right. Of all other scenarios a run that no fault has harmed must return:
  /// what it would have required at its end was not looked at.
  void serves() noexcept { serves_ = true; }

  /// Something that should happen in some run: a test in which it never does proves nothing, and fails. Say it once with
  /// `false` at the beginning: a place that is never reached says nothing. `simulate` and `replay` do not ask for it, as
  /// they are one run.
  void sometimes(std::string_view what, bool happened = true);

  /// From now on this may strike, where the test explores. One with a name that strikes in no run of an exploration fails
  /// it: nothing has that name, or it takes a larger budget.
  void arm(armed_fault what);

  /// Lets virtual time pass, and others run meanwhile until nobody can: on a manual clock (`simulate`) the one way.
  ///
  /// @suspends until so much time has passed
  /// @cancel   time has passed as far as it has
  task<> advance(duration by);

  /// What has happened until now.
  const trace& seen() const noexcept { return trace_; }
  /// How often the child of that path, or with that end of its path, was started anew.
  std::uint64_t restarts(std::string_view path) const;
  /// A fault was injected into this run.
  bool was_harmed() const noexcept { return harmed_ != 0 || !trace_.hangs().empty(); }
  /// For what the scenario draws by itself: the same in each run with the same schedule.
  std::uint64_t seed() const noexcept {
    draws_ = true;
    return seed_;
  }

private:
  friend class detail::scenario_run;

  struct condition {
    std::string what;
    std::function<bool()> holds;
  };

  explicit simulation(verdict& to) : verdict_(to), trace_(to) {}

  verdict& verdict_;
  trace trace_;
  simulator* simulator_ = nullptr; // of the run that is under way
  std::vector<std::shared_ptr<void>> kept_;
  std::vector<condition> always_;
  std::vector<condition> finally_;
  std::vector<std::function<std::string()>> problems_;
  std::map<std::string, bool, std::less<>> sometimes_; // over all runs
  std::vector<armed_fault> armed_;
  struct aim {
    bool by_name = false;
    bool has_struck = false;
  };
  std::map<std::string, aim> aims_; // of what was armed, over all runs
  std::uint64_t harmed_ = 0;
  bool serves_ = false;
  std::uint64_t seed_ = 0;
  mutable bool draws_ = false; // from it, in this run
};

/// What is run: a coroutine that is the root of a tree.
class scenario {
public:
  template <class Function>
  requires(!std::same_as<std::remove_cvref_t<Function>, scenario> &&
           (std::is_invocable_r_v<task<>, Function&, simulation&> || std::is_invocable_r_v<task<>, Function&>))
      scenario(Function function)
      : run_([function = std::move(function)](simulation& in) mutable {
          if constexpr (std::is_invocable_v<Function&, simulation&>)
            return function(in);
          else
            return function();
        }) {}

  task<> operator()(simulation& in) const { return run_(in); }

private:
  std::function<task<>(simulation&)> run_;
};

} // namespace troupe
