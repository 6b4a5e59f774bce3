// (h) A tree of supervisors on three levels, whose workers crash.

#include <tests/scenarios/all_scenarios.hpp>
#include <tests/scenarios/fates.hpp>

#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <array>
#include <stdexcept>

namespace troupe::tests {

namespace {

class storm_scenario final : public scenario_base {
public:
  storm_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    co_await supervise({.intensity = 2, .period = std::chrono::seconds{1}}, [&](supervisor& app) -> task<> {
      for (std::size_t i = 0; i < sections.size(); ++i)
        co_await app.start({.name = sections[i].name, .shutdown = long_enough}, run_section, std::ref(*this), i);
      co_await sleep_for(std::chrono::milliseconds{2});
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text = wrong_;
    for (const section_books& each : books_)
      for (std::size_t i = 0; i < workers; ++i)
        if (each.alive[i] != 0 || each.begun[i] != each.ended[i])
          text += "of a worker's " + std::to_string(each.begun[i]) + " runs " + std::to_string(each.ended[i]) +
                  " have ended\n";
    return text;
  }
  bool whole() const override { return ended_; }

private:
  static constexpr std::size_t workers = 3;
  static constexpr duration long_enough = std::chrono::hours{1};
  struct section {
    const char* name;
    restart_strategy strategy;
  };
  static constexpr std::array<section, 3> sections{{{"ingest", restart_strategy::one_for_one},
                                                    {"store", restart_strategy::rest_for_one},
                                                    {"serve", restart_strategy::one_for_all}}};
  struct section_books {
    std::array<int, workers> alive{};
    std::array<int, workers> begun{};
    std::array<int, workers> ended{};
  };

  static task<> run_section(storm_scenario& of, std::size_t which) {
    const supervisor_options options{.strategy = sections[which].strategy,
                                     .intensity = 2,
                                     .period = std::chrono::seconds{1},
                                     .backoff = {.initial = std::chrono::microseconds{50}}};
    co_await supervise(options, [&](supervisor& top) -> task<> {
      for (std::size_t i = 0; i < workers; ++i)
        co_await top.start({.shutdown = long_enough}, work, std::ref(of), which, i);
      co_await top.run();
    });
  }

  /// It may begin only where it does not run, and those do not that depend on it.
  void note_begin(std::size_t which, std::size_t index) {
    section_books& books = books_[which];
    ++books.begun[index];
    const std::size_t ended_before = sections[which].strategy == restart_strategy::one_for_one ? index + 1 : workers;
    for (std::size_t i = index; i < ended_before; ++i)
      if (books.alive[i] != 0)
        wrong_ += std::string(sections[which].name) + ": worker " + std::to_string(index) + " began while worker " +
                  std::to_string(i) + " ran\n";
  }

  static task<> work(storm_scenario& of, std::size_t which, std::size_t index) {
    of.note_begin(which, index);
    section_books& books = of.books_[which];
    const present_mark alive{books.alive[index]};
    seeded_random draw{of.seed_ + which * 1'000 + index * 100 + static_cast<std::uint64_t>(books.begun[index])};
    co_await in_exit_stack([&](exit_stack& stack) -> task<> {
      if (!of.broken_)
        stack.push([&books, index] { ++books.ended[index]; });
      for (;;) {
        co_await sleep_for(std::chrono::microseconds{100 + draw.below(900)});
        if (draw.below(4) == 0)
          throw std::runtime_error("it crashes");
        if (of.broken_ && draw.below(4) == 0)
          break;
      }
    });
    books.ended[index] += of.broken_ ? 1 : 0;
  }

  const std::uint64_t seed_;
  const bool broken_;
  std::array<section_books, sections.size()> books_;
  std::string wrong_;
  bool ended_ = false;
};

} // namespace

scenario storm() {
  return described<storm_scenario>(
      "storm", "No worker runs twice at once, none beside those it depends on while these are down, and each ends.",
      "a worker notes its end behind its work, where no crash comes by");
}

} // namespace troupe::tests
