// Trio's cases about groups: what comes out of them when something in them fails.

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> endless() { co_await wait_for_ever(); }

/// Throws before its first wait.
task<> throws(std::exception_ptr error) {
  std::rethrow_exception(error);
  co_return;
}

std::exception_ptr failure(const char* what) { return std::make_exception_ptr(std::runtime_error{what}); }

/// Yields for ever, and says when it goes by a stop.
task<> loops(bool& stopped) {
  struct at_exit {
    bool& stopped;
    explicit at_exit(bool& out) : stopped(out) {}
    ~at_exit() { stopped = this_fiber::stopping(); }
  } const says{stopped};
  for (;;)
    co_await yield();
}

/// What ends a loop in other languages: no error, and no std::exception.
struct end_of_loop {};

/// Counts up to a limit, one number for each call, and then gives nothing.
class counter {
public:
  explicit counter(int limit) noexcept : limit_(limit) {}

  task<std::optional<int>> next() {
    co_await sleep_for(0s);
    if (next_ == limit_)
      co_return std::nullopt;
    co_return next_++;
  }

private:
  int limit_;
  int next_ = 0;
};

/// The next of both counters, asked for at once; nothing as soon as one of them has ended.
task<std::optional<std::pair<int, int>>> next_of_both(counter& left, counter& right) {
  std::optional<int> from_left;
  std::optional<int> from_right;
  const auto fetch = [](counter& from, std::optional<int>& into) -> task<> { into = co_await from.next(); };
  co_await in_task_group([&](task_group& group) {
    group.start(fetch, std::ref(left), std::ref(from_left));
    group.start(fetch, std::ref(right), std::ref(from_right));
  });
  if (!from_left || !from_right)
    co_return std::nullopt;
  co_return std::pair{*from_left, *from_right};
}

} // namespace

TEST_CASE("what the body throws leaves the group in an error group, as the very object",
          "[conformance][TR-005][TR-082]") {
  const std::exception_ptr thrown = failure("whoops");
  for (const bool waits : {false, true}) {
    simulator simulated{in_any_order()};
    const auto ended = simulated.run([&]() -> task<> {
      if (waits)
        co_await in_task_group([&](task_group&) -> task<> {
          co_await yield();
          std::rethrow_exception(thrown);
        });
      else
        co_await in_task_group([&](task_group&) { std::rethrow_exception(thrown); });
    });
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 1);
    CHECK(failed.errors()[0].error == thrown);
    CHECK_FALSE(failed.errors()[0].start_index.has_value());
  }
}

TEST_CASE("a child that fails stops its sibling, and the run ends with that failure alone", "[conformance][TR-008]") {
  over_seeds(50, [](const simulation_options& options) {
    const std::exception_ptr thrown = failure("argh");
    simulator simulated{options};
    bool stopped = false;
    bool begun = false;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> {
          begun = true;
          co_await loops(stopped);
        });
        group.start([&]() -> task<> {
          while (!begun)
            co_await yield();
          std::rethrow_exception(thrown);
        });
      });
    });
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 1);
    CHECK(failed.errors()[0].error == thrown);
    CHECK(stopped);
  });
}

TEST_CASE("body and child fail both, and both are told, not one inside of the other",
          "[conformance][TR-009][TR-055][TR-061]") {
  over_seeds(20, [](const simulation_options& options) {
    const std::exception_ptr of_child = failure("child");
    const std::exception_ptr of_body = failure("body");
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start(throws, of_child); // runs to its first wait also when the group is being stopped
        std::rethrow_exception(of_body);
      });
    });
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 2);
    CHECK(failed.errors()[0].error == of_body);
    CHECK(failed.errors()[1].error == of_child);
    CHECK(failed.primary() == 0);
    CHECK(dynamic_cast<const std::nested_exception*>(static_cast<const std::exception*>(&failed)) == nullptr);
  });
}

TEST_CASE("two children fail before their first wait, and both are told", "[conformance][TR-010]") {
  over_seeds(20, [](const simulation_options& options) {
    const std::exception_ptr one = failure("one");
    const std::exception_ptr two = failure("two");
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start(throws, one);
        group.start(throws, two);
      });
    });
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 2);
    CHECK(failed.errors()[0].error == one);
    CHECK(failed.errors()[1].error == two);
  });
}

TEST_CASE("a child that fails ends the endless wait of its group's body", "[conformance][TR-011]") {
  over_seeds(20, [](const simulation_options& options) {
    const std::exception_ptr thrown = failure("this is a crash");
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(throws, thrown);
        co_await endless();
      });
    });
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 1);
    CHECK(failed.errors()[0].error == thrown);
  });
}

TEST_CASE("body and child fail with what is no std::exception, and both are kept as they are",
          "[conformance][TR-083]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) {
      group.start(throws, std::make_exception_ptr(42));
      throw end_of_loop{};
    });
  });
  const error_group failed = group_of(ended);
  REQUIRE(failed.errors().size() == 2);
  CHECK_THROWS_AS(std::rethrow_exception(failed.errors()[0].error), end_of_loop);
  CHECK_THROWS_AS(std::rethrow_exception(failed.errors()[1].error), int);
}

TEST_CASE("after a group in it has failed a group is as it was before, and starts children", "[conformance][TR-079]") {
  simulator simulated{in_any_order()};
  std::string path;
  bool same_scope = false;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& outer) -> task<> {
      const cancel_scope* const before = &this_fiber::pointer()->innermost_scope();
      const auto failed =
          co_await as_outcome(in_task_group([](task_group& inner) { inner.start(throws, failure("inner")); }));
      CHECK(failed.has_error());
      same_scope = &this_fiber::pointer()->innermost_scope() == before;
      outer.start([&]() -> task<> {
        co_await yield();
        path = this_fiber::pointer()->path();
      });
    });
  });
  CHECK(ended.has_value());
  CHECK(same_scope);
  CHECK(path == "/0");
}

TEST_CASE("what gives one value at a time may use a group for each, and ends without an error",
          "[conformance][TR-084]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    std::vector<std::pair<int, int>> seen;
    const auto ended = simulated.run([&]() -> task<> {
      counter long_one{4};
      counter short_one{2};
      while (const auto both = co_await next_of_both(long_one, short_one))
        seen.push_back(*both);
    });
    CHECK(ended.has_value());
    CHECK(seen == std::vector<std::pair<int, int>>{{0, 0}, {1, 1}});
  });
}
