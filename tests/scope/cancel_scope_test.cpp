#include <troupe/scope/cancel_scope.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <exception>
#include <optional>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> sleeps_long() { co_await sleep_for(1h); }

/// Says its name when it goes.
class says {
public:
  says(std::vector<std::string>& to, std::string name) : to_(&to), name_(std::move(name)) {}
  says(const says&) = delete;
  says& operator=(const says&) = delete;
  ~says() {
    to_->push_back(name_ + (this_fiber::stopping() ? " stopping" : "") +
                   (std::uncaught_exceptions() != 0 ? " unwinding" : ""));
  }

private:
  std::vector<std::string>* to_;
  std::string name_;
};

task<> leaf(std::vector<std::string>& log) {
  const says first{log, "leaf first"};
  const says second{log, "leaf second"};
  co_await sleep_for(1h);
}

task<> branch(std::vector<std::string>& log) {
  const says local{log, "branch"};
  co_await leaf(log);
}

/// `depth` limits in each other, in one fiber.
task<> nested_limits(int depth, int& reached) {
  ++reached;
  if (depth > 0)
    static_cast<void>(co_await move_on_after(1h, nested_limits(depth - 1, reached)));
  else
    co_await sleep_for(2h);
}

/// `depth` groups in each other, each with one child that has the next.
task<> nested_groups(int depth, int& reached) {
  ++reached;
  if (depth > 0)
    co_await in_task_group([&](task_group& group) { group.start(nested_groups, depth - 1, std::ref(reached)); });
  else
    co_await sleep_for(1h);
}

} // namespace

TEST_CASE("a stop destroys the frames leaf first, with stopping() true and without an exception", "[scope][A2]") {
  simulator simulated{{.clock = clock_mode::manual}};
  std::vector<std::string> log;
  const auto top = make_root(simulated, branch, std::ref(log));
  top->start();
  simulated.run_until_idle();
  top->cancel();
  CHECK(log.empty()); // cancel() itself runs no user code
  simulated.run_until_idle();
  CHECK(top->take().cancelled());
  CHECK(log == std::vector<std::string>{"leaf second stopping", "leaf first stopping", "branch stopping"});
  CHECK_FALSE(this_fiber::stopping());
}

TEST_CASE("stopping() is false again behind the limit that absorbed the stop", "[scope]") {
  simulator simulated{in_any_order()};
  std::vector<std::string> log;
  const auto ended = simulated.run([&]() -> task<> {
    const says local{log, "around"};
    static_cast<void>(co_await move_on_after(1s, branch(log)));
    CHECK_FALSE(this_fiber::stopping());
    CHECK_FALSE(this_fiber::stop_requested());
    co_await sleep_for(1s);
  });
  CHECK(ended.has_value());
  CHECK(log == std::vector<std::string>{"leaf second stopping", "leaf first stopping", "branch stopping", "around"});
}

TEST_CASE("the first cancel gives the reason, and later ones change nothing", "[scope][B3]") {
  over_seeds(20, [](simulation_options options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<cancel_reason> {
      std::optional<child<>> one;
      co_await in_task_group([&](task_group& group) -> task<> {
        one.emplace(group.start(sleeps_long));
        one->cancel(cancel_reason::shutdown);
        one->cancel(cancel_reason::requested);
        group.cancel(cancel_reason::deadline);
        group.cancel(cancel_reason::requested);
        co_return;
      });
      co_return one->result().cause().reason;
    });
    outcome<cancel_reason> seen = ended;
    CHECK(seen.value() == cancel_reason::shutdown);
  });
}

TEST_CASE("the cause names the fiber that asked, and the line", "[scope][B3]") {
  simulator simulated{in_any_order()};
  std::uint64_t asked_by = 0;
  unsigned line = 0;
  std::optional<child<>> one;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      one.emplace(group.start(sleeps_long));
      group.start([&]() -> task<> {
        asked_by = this_fiber::pointer()->number();
        line = std::source_location::current().line() + 1;
        group.cancel();
        co_return;
      });
    });
  });
  REQUIRE(ended.has_value());
  REQUIRE(one->result().cancelled());
  CHECK(one->result().cause().reason == cancel_reason::requested);
  CHECK(one->result().cause().origin == asked_by);
  CHECK(one->result().cause().where.line() == line);
}

TEST_CASE("a failure is the cause of its siblings' stop, with the failed child as origin", "[scope][B3]") {
  simulator simulated{in_any_order()};
  std::uint64_t failed = 0;
  std::optional<child<>> one;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      one.emplace(group.start(sleeps_long));
      group.start([&]() -> task<> {
        failed = this_fiber::pointer()->number();
        co_await sleep_for(1s);
        throw std::runtime_error{"on purpose"};
      });
    });
  });
  CHECK(ended.has_error());
  CHECK(one->result().cause().reason == cancel_reason::sibling_failed);
  CHECK(one->result().cause().origin == failed);
}

TEST_CASE("a stopped fiber may cancel, start and wait in its destructors' owners, and still stops", "[scope][A3]") {
  over_seeds(50, [](simulation_options options) {
    struct mischief { // in a destructor during a stop: cancels what is around, starts in a group that closes
      task_group& group;
      bool& refused;
      explicit mischief(task_group& in, bool& out) : group(in), refused(out) {}
      ~mischief() {
        auto late = group.start(sleeps_long);
        refused = late.ended() && late.result().cause().reason == cancel_reason::scope_closed;
        group.cancel();
        late.cancel();
      }
    };
    simulator simulated{options};
    bool begun = false;
    bool refused = false;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> {
          const mischief at_exit{group, refused};
          begun = true;
          co_await wait_for_ever();
        });
        group.start([&]() -> task<> {
          while (!begun)
            co_await yield();
          group.cancel();
        });
      });
    });
    CHECK(ended.has_value());
    CHECK(refused);
  });
}

TEST_CASE("a child started by a destructor while another one alone is stopped runs", "[scope][A3]") {
  simulator simulated{in_any_order()};
  int ran = 0;
  struct starter {
    task_group& group;
    int& ran;
    explicit starter(task_group& in, int& out) : group(in), ran(out) {}
    ~starter() {
      group.start(
          [](int& out) -> task<> {
            co_await sleep_for(1s);
            ++out;
          },
          std::ref(ran));
    }
  };
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      const auto alone = group.start([&]() -> task<> {
        const starter at_exit{group, ran};
        co_await sleep_for(1h);
      });
      alone.cancel();
    });
  });
  CHECK(ended.has_value());
  CHECK(ran == 1);
}

TEST_CASE("a hundred thousand nested limits in one fiber stop without recursion", "[scope][TR-099]") {
  const int depth = sanitized ? 20'000 : 100'000;
  simulator simulated{{.clock = clock_mode::manual}};
  int reached = 0;
  const auto top = make_root(simulated, nested_limits, depth, std::ref(reached));
  top->start();
  simulated.run_until_idle();
  CHECK(reached == depth + 1);
  top->cancel();
  simulated.run_until_idle();
  REQUIRE(top->has_ended());
  CHECK(top->take().cancelled());
  CHECK(simulated.clock().timers() == 0);
}

TEST_CASE("ten thousand nested groups stop without recursion, and each absorbs nothing of the stop", "[scope]") {
  simulator simulated{{.clock = clock_mode::manual}};
  const int depth = 10'000;
  int reached = 0;
  const auto top = make_root(simulated, nested_groups, depth, std::ref(reached));
  top->start();
  simulated.run_until_idle();
  CHECK(reached == depth + 1);
  top->cancel();
  simulated.run_until_idle();
  REQUIRE(top->has_ended());
  CHECK(top->take().cancelled());
}

TEST_CASE("a shield keeps outer cancels out, and the pending one is taken behind it", "[scope][TR-030]") {
  simulator simulated{{.clock = clock_mode::manual}};
  int reached = 0;
  const auto top = make_root(simulated, [&]() -> task<> {
    {
      cancel_scope shield{*this_fiber::pointer(), cancel_scope::shielding::cleanup};
      co_await sleep_for(1s);
      ++reached;
      CHECK_FALSE(shield.stopping());
      CHECK_FALSE(shield.outer_stopping());
    }
    CHECK(this_fiber::stop_requested());
    co_await checkpoint();
    ++reached;
  });
  top->start();
  simulated.run_until_idle();
  top->cancel();
  simulated.run_until_idle();
  CHECK_FALSE(top->has_ended());
  simulated.advance(1s);
  REQUIRE(top->has_ended());
  CHECK(top->take().cancelled());
  CHECK(reached == 1);
}

TEST_CASE("a shield entered in a scope that is stopping lets its waits through", "[scope][TR-022]") {
  simulator simulated{in_any_order()};
  int reached = 0;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.cancel();
      {
        cancel_scope shield{*this_fiber::pointer(), cancel_scope::shielding::cleanup};
        co_await sleep_for(1s);
        ++reached;
      }
      co_await sleep_for(1s);
      ++reached;
    });
  });
  CHECK(ended.has_value());
  CHECK(reached == 1);
}
