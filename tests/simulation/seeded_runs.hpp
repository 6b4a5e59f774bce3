// What tests of several folders use to run a simulation over many seeds and to count what lives and dies in it.

#pragma once

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/scope/endless_wait.hpp>
#include <troupe/simulation/simulator.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::tests {

/// Calls `test(options)` for `wanted_min` seeds or more, on each of the two clocks that move by themselves.
template <class Test>
void over_seeds(std::size_t wanted_min, Test&& test) {
  const std::size_t count = seeds(wanted_min);
  for (std::uint64_t seed = 0; seed < count; ++seed)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race}) {
      INFO("seed " << seed << (clock == clock_mode::race ? ", race clock" : ", autojump clock"));
      test(simulation_options{.seed = seed, .clock = clock});
    }
}

/// Calls `test(options)` with a cancel of the root before step 0, 1, 2, … until the run is over before that step.
/// `test` returns the steps of its run. Returns how many runs there were.
template <class Test>
std::uint64_t cancelled_at_every_step(std::uint64_t seed, clock_mode clock, Test&& test) {
  std::uint64_t k = 0;
  for (;; ++k) {
    INFO("seed " << seed << ", cancelled before step " << k);
    if (test(simulation_options{.seed = seed, .clock = clock, .cancel_at_step = k}) < k)
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
