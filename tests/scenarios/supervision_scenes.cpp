#include "item_books.hpp"
#include "run_books.hpp"
#include "standard_scenes.hpp"

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/endless_wait.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>
#include <vector>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

/// Three children in a row under a strategy; the second fails twice, further apart than the period.
template <restart_strategy Strategy>
class children_in_a_row final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(
        supervise({.strategy = Strategy, .intensity = 1, .period = 1s}, [&](supervisor& top) -> task<> {
          co_await top.start({.name = "a", .shutdown = 2s}, slow_to_stop, std::ref(books_), "a", duration{300ms});
          co_await top.start({.name = "b", .restart = restart_type::transient}, fails_often, std::ref(books_), "b", 2,
                             duration{3s});
          co_await top.start({.name = "c", .shutdown = 100ms, .abandon_after = 1s}, slow_to_stop, std::ref(books_), "c",
                             duration{500ms});
          co_await top.start({.name = "d", .restart = restart_type::temporary}, slow_to_stop, std::ref(books_), "d",
                             duration{0});
          co_await sleep_for(20s);
        })));
  }
  findings problems() const override { return books_.problems(); }

private:
  run_books books_;
};

/// Does one thing after another that must not be torn.
task<> commits(run_books& books, std::string name) {
  const run_noted alive{books, name};
  for (;;)
    co_await shield(10s, cleans_up_for(400ms));
}

/// A supervisor under a supervisor, with a backoff; the lower one has had enough in its first run.
class two_levels final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(supervise({.intensity = 3, .period = 10s}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "lower"}, lower, std::ref(books_));
      co_await top.start({.name = "beside"}, slow_to_stop, std::ref(books_), "beside", duration{100ms});
      co_await top.start({.name = "commits"}, commits, std::ref(books_), "commits");
      co_await top.start({.name = "killed", .shutdown = 100ms}, commits, std::ref(books_), "killed");
      co_await sleep_for(5s);
    })));
  }
  findings problems() const override { return books_.problems(); }

private:
  static task<> lower(run_books& books) {
    const run_noted alive{books, "lower"};
    const bool is_first = books.runs("lower") == 1;
    supervisor_options options{.strategy = restart_strategy::rest_for_one, .intensity = 2, .period = 5s};
    options.backoff.initial = 100ms;
    co_await supervise(options, [&](supervisor& here) -> task<> {
      co_await here.start({.name = "worker"}, fails_often, std::ref(books), is_first ? "worker" : "second worker",
                          is_first ? 5 : 1, duration{200ms});
      co_await here.start({.name = "helper"}, slow_to_stop, std::ref(books), is_first ? "helper" : "second helper",
                          duration{50ms});
      co_await here.run();
    });
  }

  run_books books_;
};

// ---- actors that fail with what they are sent ------------------------------------------------------------------------

struct number {
  int which;
};
struct sum {
  reply<int> to;
};
using adder_message = message<number, sum>;

/// Each message is handled, or lost with a reason, over the crashes of the actor that it goes to.
class failing_actor final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(supervise({.intensity = 10}, [&](supervisor& top) -> task<> {
      const auto lost = on_undelivered{[this](adder_message&& message, drop_reason why) {
        message.visit([&]<class M>(M& kind) {
          if constexpr (std::is_same_v<M, number>)
            books_.dropped(kind.which, why);
        });
      }};
      const auto adds_once = co_await top.start_actor({.name = "once", .capacity = 2}, lost, adder, std::ref(books_));
      const auto adds_again = co_await top.start_actor(
          {.name = "again", .capacity = 4, .redeliveries_max = 2, .drains = true}, lost, adder, std::ref(books_));
      const auto adds_never_again = co_await top.start_actor(
          {.name = "never again", .capacity = 4, .restart = restart_type::temporary}, lost, adder, std::ref(books_));
      addresses_ = {adds_once, adds_again, adds_never_again};
      co_await in_task_group([&](task_group& group) {
        group.start(client, adds_once, std::ref(books_), 1);
        group.start(client, adds_once, std::ref(books_), 2);
        group.start(client, adds_again, std::ref(books_), 3);
        group.start(client, adds_again, std::ref(books_), 4);
        group.start(client, adds_never_again, std::ref(books_), 5);
        group.start(stops_in_the_middle, top);
      });
    })));
  }
  findings problems() const override { return books_.problems(true) + books_.problems_of_order(true); }

private:
  static task<> adder(inbox<adder_message> in, item_books& books) {
    int total = 0;
    while (auto next = co_await in.receive())
      co_await next->match(
          [&](number& told) -> task<> {
            books.begun(told.which);
            co_await checkpoint();
            total += told.which;
            if (told.which % 100 == 2)
              throw std::runtime_error("it fails with the second message of each client");
          },
          [&](sum& asked) { asked.to(total); });
  }
  static task<> stops_in_the_middle(supervisor top) {
    co_await yield();
    co_await yield();
    static_cast<void>(co_await as_outcome(top.stop("once")));
    co_await sleep_for(1s);
  }
  static task<> client(actor_ref<adder_message> to, item_books& books, int from) {
    for (int i = 1; i <= 3; ++i) {
      const send_status status = co_await to.tell<number>(100 * from + i);
      if (status == send_status::accepted)
        books.accepted(100 * from + i);
    }
    static_cast<void>(co_await as_outcome(to.ask<sum>()));
  }

  item_books books_;
  std::vector<actor_ref<adder_message>> addresses_; // somebody may keep one for longer than the actor is there
};

/// Children that come and go: started, stopped by name, restarted and forgotten by others, while one fails.
class comings_and_goings final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(supervise({.intensity = 20}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "fails"}, fails_often, std::ref(books_), "fails", 3, duration{100ms});
      co_await in_task_group([&](task_group& group) {
        group.start(comes_and_goes, top, std::ref(books_), "x");
        group.start(comes_and_goes, top, std::ref(books_), "y");
        group.start(dynamic_ones, std::ref(books_));
      });
    })));
  }
  findings problems() const override { return books_.problems(); }

private:
  static task<> comes_and_goes(supervisor top, run_books& books, std::string name) {
    static_cast<void>(
        co_await as_outcome(top.start({.name = name}, slow_to_stop, std::ref(books), name, duration{10ms})));
    co_await sleep_for(100ms);
    static_cast<void>(co_await as_outcome(top.stop(name)));
    static_cast<void>(co_await as_outcome(top.restart(name)));
    if (const auto found = top.find(name))
      found->cancel();
    co_await sleep_for(100ms);
    static_cast<void>(co_await as_outcome(top.stop(name)));
    static_cast<void>(co_await as_outcome(top.remove(name)));
  }
  static task<> dynamic_ones(run_books& books) {
    co_await supervise({.strategy = restart_strategy::dynamic, .intensity = 20}, [&](supervisor& pool) -> task<> {
      for (int i = 0; i < 3; ++i) {
        const std::string name = "dynamic " + std::to_string(i);
        co_await pool.start({}, slow_to_stop, std::ref(books), name, duration{50ms});
        co_await pool.start({.restart = restart_type::transient}, fails_often, std::ref(books), name + " failing", 1,
                            duration{50ms});
      }
      co_await sleep_for(1s);
    });
  }

  run_books books_;
};

} // namespace

std::vector<scene_kind> supervision_scenes() {
  return {
      {"one_for_one", "The one that fails is started anew, alone; failures that are far apart are never too many.",
       make_scene<children_in_a_row<restart_strategy::one_for_one>>},
      {"one_for_all", "All are stopped, last first, and started in their order.",
       make_scene<children_in_a_row<restart_strategy::one_for_all>>},
      {"rest_for_one", "The one that fails and those after it are.",
       make_scene<children_in_a_row<restart_strategy::rest_for_one>>},
      {"two_levels", "A supervisor gives up, and the one above it starts it anew with all of its children.",
       make_scene<two_levels>},
      {"failing_actor", "Each message is handled or lost with a reason over the crashes of the actor it goes to.",
       make_scene<failing_actor>},
      {"comings_and_goings", "Children are started, stopped, restarted and forgotten by others while one fails.",
       make_scene<comings_and_goings>},
  };
}

} // namespace troupe::tests
