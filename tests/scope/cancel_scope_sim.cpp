#include <troupe/scope/cancel_scope.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

enum class trigger { child_fails, own_cancel, parent_cancel, deadline };
enum class moment { before_join, during_join, after_join };

struct setting {
  trigger what;
  moment when;
};

/// What the fiber in the middle saw: it has a group of its own in a limit, and is itself a child of the outer group.
struct seen {
  bool body_over = false;
  bool group_ended = false;
  bool group_failed = false;
  bool behind_wait = false;
  bool limit_kept = false;
  bool behind_limit = false;
};

/// Lets happen what is to happen: the limit passes when nothing else can.
task<> pull(trigger what, task_group& own, task_group& outer) {
  switch (what) {
  case trigger::child_fails:
    throw std::runtime_error{"on purpose"};
  case trigger::own_cancel:
    own.cancel();
    break;
  case trigger::parent_cancel:
    outer.cancel();
    break;
  case trigger::deadline:
    co_await wait_for_ever();
    break;
  }
}

task<> pull_in_child(setting chosen, task_group& own, task_group& outer, seen& saw) {
  while (chosen.when == moment::during_join && !saw.body_over)
    co_await yield();
  co_await pull(chosen.what, own, outer);
}

task<> fail_behind_group(seen& saw) {
  while (!saw.group_ended)
    co_await yield();
  throw std::runtime_error{"on purpose"};
}

task<> waits_for_ever() { co_await wait_for_ever(); }
task<> sleeps_long() { co_await sleep_for(1h); }
task<> yields_once() { co_await yield(); }

task<> own_group(setting chosen, task_group& outer, seen& saw) {
  auto ended = co_await as_outcome(in_task_group([&](task_group& own) -> task<> {
    if (chosen.when == moment::after_join) {
      own.start(yields_once);
      if (chosen.what == trigger::own_cancel)
        own.cancel(); // nothing can come after its end but what it left behind
    } else {
      own.start(waits_for_ever);
      own.start(pull_in_child, chosen, std::ref(own), std::ref(outer), std::ref(saw));
      own.start(waits_for_ever);
    }
    if (chosen.when == moment::before_join)
      co_await wait_for_ever();
    saw.body_over = true;
  }));
  saw.group_ended = true;
  saw.group_failed = ended.has_error();
  if (chosen.when == moment::after_join) {
    if (chosen.what == trigger::parent_cancel)
      outer.cancel();
    else if (chosen.what == trigger::deadline)
      co_await wait_for_ever();
    else if (chosen.what == trigger::child_fails)
      co_await wait_for_ever(); // a sibling of ours fails meanwhile
  }
  co_await checkpoint();
  saw.behind_wait = true;
}

task<> middle(setting chosen, task_group& outer, seen& saw) {
  const duration limit = chosen.what == trigger::deadline ? duration{10s} : duration::max();
  saw.limit_kept = co_await move_on_after(limit, own_group(chosen, outer, saw));
  saw.behind_limit = true;
}

struct result {
  seen saw;
  outcome<> of_middle;
  bool outer_failed;
};

result run(setting chosen, const simulation_options& options) {
  simulator simulated{options};
  result got{{}, {}, false};
  const auto ended = simulated.run([&]() -> task<> {
    std::optional<child<>> in_the_middle;
    auto outer_ended = co_await as_outcome(in_task_group([&](task_group& outer) {
      in_the_middle.emplace(outer.start(middle, chosen, std::ref(outer), std::ref(got.saw)));
      if (chosen.what == trigger::child_fails && chosen.when == moment::after_join)
        outer.start(fail_behind_group, std::ref(got.saw));
    }));
    got.outer_failed = outer_ended.has_error();
    got.of_middle = in_the_middle->result();
    co_await sleep_for(1s); // nothing is pending here
  });
  CHECK(ended.has_value());
  return got;
}

} // namespace

TEST_CASE("a child that fails before or during the join ends its group with an error and stops nothing around it",
          "[scope][A2]") {
  over_seeds(1'000, [](const simulation_options& options) {
    for (const moment when : {moment::before_join, moment::during_join}) {
      const result got = run({trigger::child_fails, when}, options);
      CHECK(got.saw.body_over == (when == moment::during_join));
      CHECK(got.saw.group_failed);
      CHECK(got.saw.behind_wait);
      CHECK(got.saw.limit_kept);
      CHECK(got.of_middle.has_value());
      CHECK_FALSE(got.outer_failed);
    }
  });
}

TEST_CASE("a group absorbs its own cancel, whenever it comes", "[scope][A2]") {
  over_seeds(1'000, [](const simulation_options& options) {
    for (const moment when : {moment::before_join, moment::during_join, moment::after_join}) {
      const result got = run({trigger::own_cancel, when}, options);
      CHECK(got.saw.group_ended);
      CHECK_FALSE(got.saw.group_failed);
      CHECK(got.saw.behind_wait);
      CHECK(got.saw.limit_kept);
      CHECK(got.of_middle.has_value());
      CHECK_FALSE(got.outer_failed);
    }
  });
}

TEST_CASE("a cancel of the parent goes through the group and the limit, and stops at the parent", "[scope][A2]") {
  over_seeds(1'000, [](const simulation_options& options) {
    for (const moment when : {moment::before_join, moment::during_join, moment::after_join}) {
      const result got = run({trigger::parent_cancel, when}, options);
      CHECK(got.saw.group_ended == (when == moment::after_join));
      CHECK_FALSE(got.saw.behind_wait);
      CHECK_FALSE(got.saw.behind_limit);
      REQUIRE(got.of_middle.cancelled());
      CHECK(got.of_middle.cause().reason == cancel_reason::requested);
      CHECK_FALSE(got.outer_failed);
    }
  });
}

TEST_CASE("a deadline goes through the group and stops at the limit", "[scope][A2]") {
  over_seeds(1'000, [](const simulation_options& options) {
    for (const moment when : {moment::before_join, moment::during_join, moment::after_join}) {
      const result got = run({trigger::deadline, when}, options);
      if (options.clock == clock_mode::autojump) // else it may come at any time
        CHECK(got.saw.group_ended == (when == moment::after_join));
      CHECK_FALSE(got.saw.behind_wait);
      CHECK_FALSE(got.saw.limit_kept);
      CHECK(got.saw.behind_limit);
      CHECK(got.of_middle.has_value());
      CHECK_FALSE(got.outer_failed);
    }
  });
}

TEST_CASE("a failure around a group that has ended stops the fiber at its next wait", "[scope][A2]") {
  over_seeds(1'000, [](const simulation_options& options) {
    const result got = run({trigger::child_fails, moment::after_join}, options);
    CHECK(got.saw.group_ended);
    CHECK_FALSE(got.saw.group_failed);
    CHECK_FALSE(got.saw.behind_wait);
    CHECK_FALSE(got.saw.behind_limit);
    REQUIRE(got.of_middle.cancelled());
    CHECK(got.of_middle.cause().reason == cancel_reason::sibling_failed);
    CHECK(got.outer_failed);
  });
}

namespace {

/// Waits in every way there is, catching everything, until it is stopped; then it says so.
task<> stubborn(int way, int& waits_behind_cancel, bool& left) {
  struct at_exit {
    bool& left;
    explicit at_exit(bool& out) : left(out) {}
    ~at_exit() { left = this_fiber::stopping(); }
  } const says{left};
  std::optional<child<>> sleeper;
  for (;;) {
    if (this_fiber::stop_requested() && ++waits_behind_cancel > 1)
      throw std::logic_error{"a wait was passed after the cancel"};
    try {
      switch (way) {
      case 0:
        co_await sleep_for(1s);
        break;
      case 1:
        co_await sleep_for(0s);
        break;
      case 2:
        co_await yield();
        break;
      case 3:
        co_await checkpoint();
        break;
      case 4:
        co_await in_task_group([](task_group& group) { group.start(sleeps_long); });
        break;
      case 5:
        co_await in_task_group([](task_group& group) -> task<> {
          auto one = group.start(yields_once);
          co_await one.value();
        });
        break;
      case 6:
        static_cast<void>(co_await move_on_after(1h, yields_once()));
        break;
      case 7:
        co_await in_task_group([](task_group& group) { group.start(yields_once); });
        break;
      default:
        static_cast<void>(co_await as_outcome(yields_once()));
        break;
      }
    } catch (...) {
    }
  }
}

constexpr int ways = 9;

} // namespace

TEST_CASE("each wait in a catch-all loop ends at the first wait after the cancel", "[scope][B1]") {
  over_seeds(1'000, [](simulation_options options) {
    options.steps_max = 100'000;
    for (int way = 0; way < ways; ++way) {
      INFO("way " << way);
      int waits = 0;
      bool left = false;
      const std::uint64_t cancel_at = options.seed % 40;
      std::function<void()> cancel;
      options.before_step = [&](std::uint64_t step) {
        if (step == cancel_at && cancel)
          cancel();
      };
      simulator simulated{options};
      const auto ended = simulated.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          cancel = [&group] { group.cancel(); };
          if (cancel_at == 0)
            group.cancel(); // then nothing is started
          group.start(stubborn, way, std::ref(waits), std::ref(left));
        });
        cancel = nullptr;
      });
      CHECK(ended.has_value());
      CHECK(left == (cancel_at != 0));
    }
  });
}

TEST_CASE("a fiber that cancels what it stands in ends at its next wait, whichever that is", "[scope][B1]") {
  over_seeds(1'000, [](const simulation_options& options) {
    for (int way = 0; way < ways; ++way) {
      INFO("way " << way);
      simulator simulated{options};
      int waits = 0;
      bool left = false;
      const auto ended = simulated.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          group.start([&]() -> task<> {
            group.cancel();
            co_await stubborn(way, waits, left);
          });
        });
      });
      CHECK(ended.has_value());
      CHECK(left);
    }
  });
}

namespace {

/// A tree of three levels that sleeps, waits for children, limits and yields; everything in it is counted.
task<> small_tree(int level, census& alive) {
  const counted here{alive};
  co_await yield();
  if (level == 0) {
    co_await sleep_for(1s);
    co_return;
  }
  co_await in_task_group([&](task_group& group) -> task<> {
    const counted in_body{alive};
    auto first = group.start([](int below, census& of, counted) -> task<> { co_await small_tree(below, of); },
                             level - 1, std::ref(alive), counted{alive});
    auto second = group.start(small_tree, level - 1, std::ref(alive));
    static_cast<void>(co_await move_on_after(500ms, first.value()));
    co_await second.wait_ended();
  });
  co_await checkpoint();
}

} // namespace

TEST_CASE("cancelled before any of its steps, a tree of three levels leaves nothing behind", "[scope][A2][A3]") {
  for (std::uint64_t seed = 0; seed < seeds(20); ++seed)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race}) {
      const std::uint64_t runs = cancelled_at_every_step(seed, clock, [](const simulation_options& options) {
        census alive;
        recorder sink;
        simulation_options recorded = options;
        recorded.sink = &sink;
        simulator simulated{recorded};
        const auto ended = simulated.run([&]() -> task<> { co_await small_tree(2, alive); });
        CHECK_FALSE(ended.has_error());
        CHECK(alive.alive() == 0);
        CHECK(simulated.clock().timers() == 0);
        CHECK(sink.count(event_kind::fiber_started) == sink.count(event_kind::fiber_ended));
        return simulated.steps();
      });
      CHECK(runs > 20);
    }
}
