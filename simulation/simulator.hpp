// The same fibers as in production, on one thread, in an order drawn from a seed, in virtual time.

#pragma once

#include <troupe/scope/delivery.hpp>
#include <troupe/scope/executor.hpp>
#include <troupe/scope/offload_queue.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/simulation/choice.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/simulation/schedule.hpp>
#include <troupe/simulation/step_source.hpp>
#include <troupe/simulation/virtual_clock.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

struct simulation_options {
  std::uint64_t seed = 0;
  clock_mode clock = clock_mode::autojump;
  /// Cancels the root scope before this step, counted from 0. With it each operation is a step of its own, so that
  /// k = 0, 1, 2, … cancels at every wait of a run, until `steps()` stays below k.
  std::optional<std::uint64_t> cancel_at_step = std::nullopt;
  /// More steps than this are taken for a livelock.
  std::uint64_t steps_max = 10'000'000;
  event_sink* sink = nullptr;
  /// Called before each step, with its number.
  std::function<void(std::uint64_t step)> before_step = nullptr;
  /// Decides in place of the seed, also how many operations a fiber may do at a time. Must outlive the run.
  simulation_driver* driver = nullptr;
  /// How many offloaded functions could run at once. Any of the first so many that are queued may be the next step.
  std::size_t offload_threads_max = offload_threads_max_default;
};

/// A run did not come to its end by itself.
class endless_run_error : public std::runtime_error {
public:
  explicit endless_run_error(const std::string& what, bool is_stuck = false)
      : std::runtime_error(what), is_stuck_(is_stuck) {}

  /// The tree did not end by a cancel either, and is left as it is: nothing of it, nor the simulator, may go.
  bool is_stuck() const noexcept { return is_stuck_; }

private:
  bool is_stuck_;
};

/// Nobody can run, and somebody waits who is not idle by nature. `what()` says who waits for what, those who wait for
/// each other in a cycle first.
class deadlock_error : public endless_run_error {
  using endless_run_error::endless_run_error;
};

/// A run took more than `steps_max` steps.
class livelock_error : public endless_run_error {
  using endless_run_error::endless_run_error;
};

/// Executor and clock of one simulated run.
///
/// A step is a run of one fiber from one wait to the next; which of the ready fibers takes it is drawn from the seed,
/// and so is how many operations it may do before it yields. The same seed gives the same run. A function that was
/// offloaded is a step of its own: nothing else happens while it runs, but a cancel may come before it begins. What is sent
/// over a stream in memory is on its way until a step in which it arrives.
class simulator final : public executor {
public:
  explicit simulator(simulation_options options = {});
  ~simulator() override;

  /// Runs `function(args...)` as the root of a tree, until the tree has ended.
  ///
  /// When only daemon waits are left the tree is shut down: it serves, and nothing more can come.
  ///
  /// @throws `deadlock_error`, `livelock_error`, after the tree has been stopped and is gone
  /// @thread outside of its own fibers; so are the next two
  template <class Function, class... Args>
  auto run(Function&& function, Args&&... args) {
    auto top = make_root(*this, std::forward<Function>(function), std::forward<Args>(args)...);
    try {
      drive(*top);
    } catch (const endless_run_error& ended) {
      if (ended.is_stuck())
        static_cast<void>(top.release());
      throw;
    }
    return top->take();
  }

  /// Steps until nobody can run; time stands still. For roots made with `make_root`.
  void run_until_idle();
  /// Lets virtual time pass: fires each timer that comes, and steps until nobody can run after each.
  ///
  /// An offloaded function may call it, in any clock mode: then the function takes that long, while others run.
  void advance(duration by);

  /// From now on its steps may come next, until it leaves. Those that have joined first are offered first.
  void join(step_source& other) { sources_.push_back(&other); }
  /// @pre it has joined
  void leave(step_source& other) noexcept { std::erase(sources_, &other); }

  /// Steps taken so far.
  std::uint64_t steps() const noexcept { return steps_; }
  virtual_clock& clock() noexcept { return clock_; }

  void schedule(fiber& ready) noexcept override { ready_.push_back({&ready}); }
  void schedule_last(fiber& ready) noexcept override { ready_.push_back({&ready}); }
  int operations_per_slice() noexcept override;
  void reach_fault_point(std::string_view name) override;
  bool pretends_full() noexcept override;
  std::size_t moves_at_once(std::size_t most, std::uint64_t stream) noexcept override;
  bool loses_connection() noexcept override;
  bool delays(detail::delivery& sent) noexcept override;
  void forget(detail::delivery& sent) noexcept override;
  detail::offload_queue* offloads() noexcept override { return &offloads_; }

private:
  /// Offloaded functions, run by `step`: one thread, so the lock is not taken to look.
  class offload_steps final : public detail::offload_queue, public step_source {
  public:
    explicit offload_steps(std::size_t at_once_max) noexcept : offload_queue(at_once_max) {}

    void add_steps(std::vector<choice>& all) override;
    void run_step(const choice& picked) override { run(*take(picked.number)); }

  private:
    void job_queued() override {}
  };

  /// What comes next in turn: a fiber runs, or else something arrives.
  struct ready_step {
    fiber* runs = nullptr;
    detail::delivery* arrives = nullptr;
  };

  void drive(any_root& top);
  std::size_t choose();
  void take(const ready_step& next);
  void take(const choice& chosen);
  void require_outside() const noexcept;
  bool step();
  bool fire_next();
  std::string report(fiber& top) const;
  static bool only_daemons_wait(fiber& top);

  simulation_options options_;
  virtual_clock clock_;
  seeded_random random_;
  std::vector<ready_step> ready_;
  std::vector<choice> choices_;
  bool is_stuck_ = false;
  offload_steps offloads_;
  std::vector<step_source*> sources_{&offloads_};
  std::uint64_t steps_ = 0;
};

} // namespace troupe
