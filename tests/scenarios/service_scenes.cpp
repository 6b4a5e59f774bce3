#include "run_books.hpp"
#include "standard_scenes.hpp"

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <vector>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

// ---- services that depend on those before them -----------------------------------------------------------------------

/// Somebody who looks now and then at whatever was ever started, and says of it that it has.
class health_checks {
public:
  void add(const startup& of) { known_.push_back(of); }
  task<> run() {
    for (int i = 0; i < 12; ++i) {
      co_await sleep_for(500ms);
      for (const startup& each : known_)
        each.started();
    }
  }

private:
  std::vector<startup> known_;
};

enum class starts : std::uint8_t { well, when_checked, badly };

/// What one run of a service does.
struct course {
  starts how = starts::well;
  duration takes{};
  duration fails_after = duration::max(); ///< Since it has started; the longest: not at all.
};
/// Of its first runs; each later one starts well and stays.
using courses = std::array<course, 3>;

/// Services of which each needs those before it: they start slowly, too slowly and not at all, and fail at any time.
template <restart_strategy Strategy>
class services_in_a_row final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(in_task_group([&](task_group& group) {
      group.start(&services_in_a_row::all, this);
      group.start(&health_checks::run, &checks_);
    })));
  }
  findings problems() const override { return books_.problems(); }

private:
  // They fail at different times, and at the same one: the cache of the second database while that starts, ...
  static constexpr courses database{{{.takes = 100ms, .fails_after = 1s}, {.takes = 200ms, .fails_after = 3s}, {}}};
  static constexpr courses cache{{{.how = starts::when_checked}, {.how = starts::badly, .takes = 100ms}, {}}};
  static constexpr courses extra{{{.how = starts::badly}, {.how = starts::badly}, {}}};
  static constexpr courses front{{{.takes = 50ms}, {.how = starts::when_checked}, {.takes = 100ms, .fails_after = 1s}}};

  task<> all() {
    static_cast<void>(co_await as_outcome(supervise({.strategy = Strategy, .intensity = 9, .period = 1min},
                                                    [this](supervisor& top) { return in_order(top); })));
  }
  task<> in_order(supervisor& top) {
    co_await top.start({.name = "queue"}, slow_to_stop, std::ref(books_), "queue", duration{100ms});
    static_cast<void>(co_await as_outcome(top.start({.name = "database", .start_timeout = 500ms}, serve,
                                                    std::ref(*this), "database", std::cref(database))));
    static_cast<void>(co_await as_outcome(top.start({.name = "cache", .shutdown = 200ms, .start_timeout = 500ms}, serve,
                                                    std::ref(*this), "cache", std::cref(cache))));
    static_cast<void>(co_await as_outcome(
        top.start({.name = "front", .start_timeout = 500ms}, serve, std::ref(*this), "front", std::cref(front))));
    static_cast<void>(co_await as_outcome(
        top.start({.name = "extra", .start_timeout = 500ms}, serve, std::ref(*this), "extra", std::cref(extra))));
    co_await in_task_group([&](task_group& operators) {
      operators.start(starts_anew, top, "cache", duration{900ms});
      operators.start(starts_anew, top, "front", duration{1s});
      operators.start(starts_anew, top, "front", duration{1s});
    });
    co_await sleep_for(5s);
  }
  static task<> serve(startup up, services_in_a_row& of, std::string name, const courses& by_run) {
    const run_noted alive{of.books_, name};
    const std::size_t which = static_cast<std::size_t>(of.books_.runs(name) - 1);
    const course here = which < by_run.size() ? by_run[which] : course{};
    co_await in_exit_stack([&](exit_stack& stack) -> task<> {
      stack.push(exit_options{.limit = 10s}, cleans_up_for, duration{150ms});
      co_await sleep_for(here.takes);
      if (here.how == starts::badly)
        throw std::runtime_error(name + " does not start");
      of.checks_.add(up);
      if (here.how == starts::well)
        up.started();
      if (here.fails_after == duration::max())
        co_await serves();
      co_await sleep_for(here.fails_after);
      throw std::runtime_error(name + " fails");
    });
  }
  static task<> starts_anew(supervisor top, std::string name, duration wait) {
    co_await sleep_for(wait);
    static_cast<void>(co_await as_outcome(top.stop(name)));
    static_cast<void>(co_await as_outcome(top.restart(name)));
  }

  run_books books_;
  health_checks checks_;
};

// ---- requests --------------------------------------------------------------------------------------------------------

/// Some who know nothing of each other ask one supervisor for the same things, without a pause, while a child fails.
template <restart_strategy Strategy>
class busy_supervisor final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(supervise({.strategy = Strategy, .intensity = 30, .children_max = 4},
                                                    [this](supervisor& top) { return asked(top); })));
  }
  findings problems() const override { return books_.problems(); }

private:
  task<> asked(supervisor& top) {
    static_cast<void>(
        co_await as_outcome(top.start({.name = "fails"}, fails_often, std::ref(books_), "fails", 3, duration{10ms})));
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < 3; ++i)
        group.start(asks, top, std::ref(books_));
      group.start(restarts, top);
    });
  }
  /// Whatever is down.
  static task<> restarts(supervisor top) {
    for (int i = 0; i < 8; ++i)
      for (const std::string name : {"fails", "x", "y"}) {
        static_cast<void>(co_await as_outcome(top.restart(name)));
        co_await sleep_for(3ms);
      }
  }
  static task<> asks(supervisor top, run_books& books) {
    for (const std::string name : {"x", "y"}) {
      static_cast<void>(
          co_await as_outcome(top.start({.name = name}, slow_to_stop, std::ref(books), name, duration{5ms})));
      static_cast<void>(co_await as_outcome(top.stop(name)));
      static_cast<void>(co_await as_outcome(top.restart(name)));
      if (const auto found = top.find(name))
        found->kill();
      static_cast<void>(co_await as_outcome(top.stop(name)));
      static_cast<void>(co_await as_outcome(top.restart(name)));
      static_cast<void>(co_await as_outcome(top.remove(name)));
    }
  }

  run_books books_;
};

/// One child starts others beside itself, also while their supervisor gives up.
class acceptor final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(supervise({.intensity = 1}, [this](supervisor& top) -> task<> {
      co_await top.start({.name = "acceptor"}, accepts, top, std::ref(books_));
      top.reconfigure("acceptor", {.shutdown = 3s});
      co_await top.start({.name = "store"}, fails_often, std::ref(books_), "store", 2, duration{70ms});
      co_await top.run();
    })));
  }
  findings problems() const override { return books_.problems(); }

private:
  static task<> accepts(supervisor top, run_books& books) {
    const run_noted alive{books, "acceptor"};
    for (int i = 0; i < 8; ++i) {
      static_cast<void>(co_await as_outcome(top.start({.restart = restart_type::temporary}, slow_to_stop,
                                                      std::ref(books), "connection", duration{30ms})));
      co_await sleep_for(25ms);
    }
    co_await serves();
  }

  run_books books_;
};

} // namespace

std::vector<scene_kind> service_scenes() {
  return {
      {"services_rest_for_one", "Services that start slowly and fail at any time begin after those that they need.",
       make_scene<services_in_a_row<restart_strategy::rest_for_one>>},
      {"services_one_for_all", "The same, where each needs all.",
       make_scene<services_in_a_row<restart_strategy::one_for_all>>},
      {"busy_supervisor", "Each of many requests for the same children is answered, once.",
       make_scene<busy_supervisor<restart_strategy::one_for_one>>},
      {"busy_one_for_all", "The same, where a failure stops all children.",
       make_scene<busy_supervisor<restart_strategy::one_for_all>>},
      {"acceptor", "A child that is started while its supervisor gives up is stopped with the others.",
       make_scene<acceptor>},
  };
}

} // namespace troupe::tests
