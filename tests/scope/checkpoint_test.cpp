#include <troupe/scope/checkpoint.hpp>

#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

using namespace troupe;
using namespace troupe::tests;

namespace {

/// Counts the runs of fibers, by an executor that runs them in the order in which they came.
class counting_executor final : public executor {
public:
  explicit counting_executor(int slice) noexcept : executor(clock_), slice_(slice) {}
  void schedule(fiber& ready) noexcept override { ready_.push_back(&ready); }
  void schedule_last(fiber& ready) noexcept override { ready_.push_back(&ready); }
  int operations_per_slice() noexcept override { return slice_; }
  std::size_t run_all() {
    std::size_t runs = 0;
    for (; runs < ready_.size(); ++runs)
      ready_[runs]->run();
    ready_.clear();
    return runs;
  }

private:
  virtual_clock clock_;
  int slice_;
  std::vector<fiber*> ready_;
};

} // namespace

TEST_CASE("a checkpoint gives its turn away only when the slice is used up", "[scope]") {
  counting_executor executor{10};
  const auto top = make_root(executor, []() -> task<> {
    for (int i = 0; i < 100; ++i)
      co_await checkpoint();
  });
  top->start();
  const std::size_t runs = executor.run_all();
  CHECK(top->has_ended());
  CHECK(runs >= 10);
  CHECK(runs <= 12);
}

TEST_CASE("a yield always gives its turn away, and the others run first", "[scope][TR-007]") {
  counting_executor executor{256};
  std::vector<int> order;
  const auto top = make_root(executor, [&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      for (const int each : {1, 2, 3})
        group.start([&order, each]() -> task<> {
          order.push_back(each);
          co_await yield();
          order.push_back(each);
        });
    });
  });
  top->start();
  executor.run_all();
  CHECK(top->has_ended());
  CHECK(order == std::vector<int>{1, 2, 3, 1, 2, 3});
}

TEST_CASE("checkpoint and yield stop a fiber that was cancelled, and code between waits runs on", "[scope][B1]") {
  over_seeds(20, [](simulation_options options) {
    for (const bool yields : {false, true}) {
      simulator simulated{options};
      bool between = false;
      bool behind = false;
      const auto ended = simulated.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          group.start([&]() -> task<> {
            group.cancel();
            between = this_fiber::stop_requested();
            if (yields)
              co_await yield();
            else
              co_await checkpoint();
            behind = true;
          });
        });
      });
      CHECK(ended.has_value());
      CHECK(between);
      CHECK_FALSE(behind);
    }
  });
}

TEST_CASE("outside of any fiber nothing is to be stopped", "[scope][TR-018]") {
  CHECK(this_fiber::pointer() == nullptr);
  CHECK_FALSE(this_fiber::stop_requested());
  CHECK_FALSE(this_fiber::stopping());
}
