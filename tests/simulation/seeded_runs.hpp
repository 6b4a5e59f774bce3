// What tests of several folders use to run a simulation over many seeds and to count what lives and dies in it.

#pragma once

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/scope/endless_wait.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/simulation/strategies.hpp>
#include <troupe/testing/trace.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

/// One of the strategies of `explore`.
inline std::unique_ptr<search_strategy> drawn_strategy(std::uint64_t seed) {
  seeded_random random{seed};
  constexpr std::uint64_t kinds = 4;
  const std::uint64_t kind = random.below(kinds);
  return kind == 0   ? random_walk()
         : kind == 1 ? priorities_with_changes(3)
         : kind == 2 ? priorities_with_changes(5)
                     : partial_order_sampling();
}

/// Decides a run by a strategy, and judges it by all invariants.
class judged_run : public simulation_driver {
public:
  /// @param operations  that a fiber does at a time; 0: drawn
  explicit judged_run(std::uint64_t seed, int operations = 0) : judged_run(seed, operations, drawn_strategy(seed)) {}
  judged_run(std::uint64_t seed, int operations, std::unique_ptr<search_strategy> decides)
      : seen_(found_), seed_(seed), operations_(operations), decides_(std::move(decides)) {}

  /// What is wrong with the runs; empty: nothing.
  const std::string& problems() const noexcept { return problems_; }
  simulation_options options(std::uint64_t seed, clock_mode clock) {
    return {.seed = seed, .clock = clock, .sink = &seen_, .driver = this};
  }

protected:
  void run_ends() override {
    seen_.at_end(instant{});
    for (const violation& each : found_.violations())
      problems_ += to_string(each.which) + ": " + each.what + '\n';
  }

private:
  void run_begins() override {
    seen_.begin_run(false);
    random_ = seeded_random{seed_}; // the same options are the same run
    decides_->begin_run(random_.next(), steps_expected);
    steps_ = 0;
  }
  std::size_t pick(std::span<const choice> all) override { return decides_->pick(all); }
  void before_run(fiber&, std::uint64_t) override { seen_.note_step(++steps_); }
  void after_step() override { seen_.after_step(); }
  std::size_t moves_at_once(std::size_t most, std::uint64_t) override {
    return (random_.next() & 1U) != 0 ? most : 1 + random_.below(most);
  }
  /// Often one, as the least that lets others come between; often a few, as in production.
  int operations_per_slice() override {
    if (operations_ != 0)
      return operations_;
    const std::uint64_t drawn = random_.next();
    return (drawn & 1U) != 0 ? 1 : 1 + static_cast<int>((drawn >> 1U) % 16);
  }

  verdict found_;
  trace seen_;
  const std::uint64_t seed_;
  const int operations_;
  seeded_random random_{0};
  std::unique_ptr<search_strategy> decides_;
  static constexpr std::size_t steps_expected = 100; // with a choice
  std::uint64_t steps_ = 0;
  std::string problems_;
};

/// Calls `test(options)` for `wanted_min` seeds or more, on each of the two clocks that move by themselves. Each run must
/// keep all invariants, unless the test gives it a sink of its own.
template <class Test>
void over_seeds(std::size_t wanted_min, Test&& test) {
  const std::size_t count = seeds(wanted_min);
  for (std::uint64_t seed = 0; seed < count; ++seed)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race}) {
      INFO("seed " << seed << (clock == clock_mode::race ? ", race clock" : ", autojump clock"));
      judged_run judged{seed};
      test(judged.options(seed, clock));
      CHECK(judged.problems() == "");
    }
}

/// Calls `test(options)` with a cancel of the root before step 0, 1, 2, … until the run is over before that step.
/// `test` returns the steps of its run. Returns how many runs there were.
template <class Test>
std::uint64_t cancelled_at_every_step(std::uint64_t seed, clock_mode clock, Test&& test) {
  std::uint64_t k = 0;
  for (;; ++k) {
    INFO("seed " << seed << ", cancelled before step " << k);
    judged_run judged{seed, 1};
    simulation_options options = judged.options(seed, clock);
    options.cancel_at_step = k;
    const std::uint64_t steps = test(std::move(options));
    CHECK(judged.problems() == "");
    if (steps < k)
      return k + 1;
  }
}

/// Nothing grants it: it ends by a cancel.
inline detail::endless_wait wait_for_ever() noexcept { return {fiber::wait_kind::plain, "wait for ever"}; }
/// Idle by nature, as an actor's empty inbox is.
inline detail::endless_wait serve_for_ever() noexcept { return {fiber::wait_kind::daemon, "wait for ever"}; }

/// How many `counted` were constructed and destroyed.
struct census {
  std::atomic<std::size_t> made{0};
  std::atomic<std::size_t> gone{0};

  std::size_t alive() const { return made.load() - gone.load(); }
};

/// Something whose constructions and destructions are counted.
class counted {
public:
  explicit counted(census& of) noexcept : of_(&of) { ++of_->made; }
  counted(const counted& other) noexcept : of_(other.of_) { ++of_->made; }
  counted& operator=(const counted&) = delete;
  ~counted() { ++of_->gone; }

private:
  census* of_;
};

/// Keeps all events of a simulation.
class recorder final : public event_sink {
public:
  void on_event(const event& happened) noexcept override { events_.push_back(happened); }

  const std::vector<event>& events() const noexcept { return events_; }
  std::size_t count(event_kind kind) const noexcept {
    std::size_t found = 0;
    for (const event& each : events_)
      if (each.kind == kind)
        ++found;
    return found;
  }

private:
  std::vector<event> events_;
};

} // namespace troupe::tests
