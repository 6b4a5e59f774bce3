#include <troupe/scope/sleep.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <limits>
#include <new>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// A clock that has no memory for a timer when asked the `fails_at`-th time, counted from 0.
class poor_time final : public time_source {
public:
  explicit poor_time(int fails_at) noexcept : left_(fails_at) {}
  instant now() const noexcept override { return clock_.now(); }
  void add(timer& added) override {
    if (left_-- == 0)
      throw std::bad_alloc{};
    clock_.add(added);
  }
  void remove(timer& removed) noexcept override { clock_.remove(removed); }

private:
  virtual_clock clock_;
  int left_;
};

class first_come_executor final : public executor {
public:
  using executor::executor;
  void schedule(fiber& ready) noexcept override { ready_.push_back(&ready); }
  void schedule_last(fiber& ready) noexcept override { ready_.push_back(&ready); }
  void run_all() {
    for (std::size_t i = 0; i < ready_.size(); ++i)
      ready_[i]->run();
    ready_.clear();
  }

private:
  std::vector<fiber*> ready_;
};

task<> nap() { co_await sleep_for(1s); }

} // namespace

TEST_CASE("a sleep ends at its instant and not before", "[scope]") {
  simulator simulated{{.clock = clock_mode::manual}};
  const auto top = make_root(simulated, nap);
  top->start();
  simulated.advance(1s - 1ns);
  CHECK_FALSE(top->has_ended());
  simulated.advance(1ns);
  CHECK(top->has_ended());
}

TEST_CASE("a sleep is counted from the await, not from where it was made", "[scope]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<instant> {
    auto second = sleep_for(1s);
    co_await sleep_for(1s);
    co_await second;
    co_await second; // counted anew
    co_return simulated.time().now();
  });
  REQUIRE(ended.has_value());
  CHECK(simulated.time().now() == instant{3s});
}

TEST_CASE("a sleep of zero or less, or until an instant that has passed, yields", "[scope][B7]") {
  simulator simulated{in_any_order()};
  int others = 0;
  auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        for (int i = 0; i < 1'000; ++i) {
          ++others;
          co_await yield();
        }
      });
      group.start([&]() -> task<> {
        co_await sleep_for(0s);
        co_await sleep_for(-1s);
        co_await sleep_for(duration::min());
        co_await sleep_for(std::chrono::hours::min());
        co_await sleep_for(std::chrono::duration<double>{-std::numeric_limits<double>::infinity()});
        co_await sleep_for(std::chrono::duration<double>{std::numeric_limits<double>::quiet_NaN()});
        co_await sleep_until(instant{});
        co_await sleep_until(instant::min());
      });
    });
  });
  CHECK(ended.has_value());
  CHECK(others == 1'000);
  CHECK(simulated.time().now() == instant{});
}

TEST_CASE("a sleep of zero or less needs no clock that moves", "[scope][B7]") {
  simulator simulated{{.clock = clock_mode::manual}};
  const auto ended = simulated.run([]() -> task<> {
    co_await sleep_for(0s);
    co_await sleep_for(-1s);
    co_await sleep_until(instant{});
  });
  CHECK(ended.has_value());
}

TEST_CASE("a sleep for ever ends only by a cancel, and never moves the clock to its end", "[scope][B7]") {
  over_seeds(50, [](simulation_options options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      co_await in_task_group([](task_group& group) {
        group.start([]() -> task<> { co_await sleep_for(duration::max()); });
        group.start([]() -> task<> { co_await sleep_for(std::chrono::hours::max()); });
        group.start([]() -> task<> {
          co_await sleep_for(std::chrono::duration<double>{std::numeric_limits<double>::infinity()});
        });
        group.start([]() -> task<> { co_await sleep_until(instant::max()); });
        group.start([&group]() -> task<> {
          co_await yield();
          co_await sleep_for(1s);
          group.cancel();
        });
      });
    });
    CHECK(ended.has_value());
    CHECK(simulated.time().now() == instant{1s});
  });
}

TEST_CASE("sleepers wake in the order of their instants", "[scope]") {
  over_seeds(50, [](simulation_options options) {
    options.clock = clock_mode::autojump;
    simulator simulated{options};
    std::vector<int> woken;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        for (const int after : {3, 1, 2})
          group.start([&woken, after]() -> task<> {
            co_await sleep_for(std::chrono::milliseconds{after});
            woken.push_back(after);
          });
      });
    });
    CHECK(ended.has_value());
    CHECK(woken == std::vector<int>{1, 2, 3});
  });
}

TEST_CASE("a cancelled sleep takes its timer back", "[scope]") {
  simulator simulated{{.clock = clock_mode::manual}};
  const auto top = make_root(simulated, nap);
  top->start();
  simulated.run_until_idle();
  CHECK(simulated.clock().timers() == 1);
  top->cancel();
  simulated.run_until_idle();
  CHECK(simulated.clock().timers() == 0);
  CHECK(top->take().cancelled());
}

TEST_CASE("a sleep for which there is no memory throws, and the fiber goes on", "[scope]") {
  poor_time time{0};
  first_come_executor executor{time};
  bool reached = false;
  const auto top = make_root(executor, [&]() -> task<> {
    auto slept = co_await as_outcome(nap());
    if (slept.has_error()) {
      co_await checkpoint();
      reached = true;
    }
  });
  top->start();
  executor.run_all();
  const bool went_on = top->has_ended();
  if (!went_on) { // leave nothing behind
    top->cancel();
    executor.run_all();
  }
  CHECK(went_on);
  CHECK(reached);
}
