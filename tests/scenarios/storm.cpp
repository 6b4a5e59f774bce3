// (h) A tree of supervisors on three levels, whose workers crash.

#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/sibling_runs.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <array>
#include <stdexcept>

namespace troupe::tests {

namespace {

class storm_scenario final : public application {
public:
  storm_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    const outcome<> ended = co_await as_outcome(run_app());
    ended_ = true; // by itself, or because there was too much of the storm
    if (ended.has_error())
      std::rethrow_exception(ended.error());
  }

  std::string problems() const override {
    std::string text;
    for (std::size_t which = 0; which < sections.size(); ++which) {
      const section_books& books = books_[which];
      text += books.runs.problems(sections[which].name);
      for (std::size_t i = 0; i < workers; ++i)
        if (books.runs.begun(i) != books.ended[i])
          text += std::string(sections[which].name) + ": " + std::to_string(i) + " has begun " +
                  std::to_string(books.runs.begun(i)) + " times, and ended " + std::to_string(books.ended[i]) +
                  " times\n";
    }
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
    sibling_runs runs{workers};
    std::array<int, workers> ended{};
  };

  task<> run_app() {
    co_await supervise({.intensity = 2, .period = std::chrono::seconds{1}}, [&](supervisor& app) -> task<> {
      for (std::size_t i = 0; i < sections.size(); ++i)
        co_await app.start({.name = sections[i].name, .shutdown = long_enough}, run_section, std::ref(*this), i);
      co_await sleep_for(std::chrono::milliseconds{2});
    });
  }
  static task<> run_section(storm_scenario& of, std::size_t which) {
    const supervisor_options options{.strategy = sections[which].strategy,
                                     .intensity = 2,
                                     .period = std::chrono::seconds{1},
                                     .backoff = {.initial = std::chrono::microseconds{50}}};
    of.books_[which].runs.supervisor_begins();
    co_await supervise(options, [&](supervisor& top) -> task<> {
      for (std::size_t i = 0; i < workers; ++i)
        co_await top.start({.shutdown = long_enough}, work, std::ref(of), which, i);
      co_await top.run();
    });
  }

  static task<> work(storm_scenario& of, std::size_t which, std::size_t index) {
    section_books& books = of.books_[which];
    const std::size_t dependent_end = sections[which].strategy == restart_strategy::one_for_one ? index + 1 : workers;
    const sibling_runs::run mine{books.runs, index, dependent_end};
    seeded_random draw{of.seed_ + which * 1'000 + index * 100 + static_cast<std::uint64_t>(books.runs.begun(index))};
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
  bool ended_ = false;
};

} // namespace

application_kind storm() {
  return described<storm_scenario>(
      "storm", "No worker runs twice at once, none beside those it depends on while these are down, and each ends.",
      "a worker notes its end behind its work, where no crash comes by");
}

} // namespace troupe::tests
