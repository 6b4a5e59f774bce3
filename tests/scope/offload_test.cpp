#include <troupe/scope/offload.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// What a blocking function does in virtual time: nothing for `wait`, or until it is asked to stop. Gives when it
/// ended.
instant blocks_for(simulator& simulated, duration wait, const std::stop_token& stop = {}) {
  const instant until = simulated.time().now() + wait;
  while (simulated.time().now() < until && !stop.stop_requested())
    simulated.advance(100ms);
  return simulated.time().now();
}

/// Says how its frames ended when it goes.
class says_how {
public:
  explicit says_how(std::vector<detail::ending>& log) : log_(&log) {}
  says_how(says_how&& other) noexcept : log_(std::exchange(other.log_, nullptr)) {}
  says_how& operator=(says_how&&) = delete;
  ~says_how() {
    if (log_ != nullptr)
      log_->push_back(detail::frames_ending());
  }

private:
  std::vector<detail::ending>* log_;
};

} // namespace

TEST_CASE("offload gives what its function gives: a value, nothing, a reference, what can only be moved",
          "[scope][B8]") {
  simulator simulated{in_any_order()};
  int target = 0;
  const auto ended = simulated.run([&]() -> task<> {
    const int value = co_await offload([] { return 7; });
    CHECK(value == 7);
    co_await offload([&] { target = 8; });
    CHECK(target == 8);
    int& reference = co_await offload([&]() -> int& { return target; });
    CHECK(&reference == &target);
    const auto box = co_await offload([] { return std::make_unique<int>(9); });
    CHECK(*box == 9);
    const std::string text = co_await offload([]() -> const std::string { return "const"; }); // NOLINT
    CHECK(text == "const");
    const std::exception_ptr no_error = co_await offload([] { return std::exception_ptr{}; });
    CHECK(no_error == nullptr);
  });
  CHECK(ended.has_value());
}

TEST_CASE("what an offloaded function throws is thrown in the fiber", "[scope][B8]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    bool caught = false;
    try {
      co_await offload([] { throw std::range_error{"its own"}; });
    } catch (const std::range_error& error) {
      caught = error.what() == std::string{"its own"};
    }
    CHECK(caught);
    const auto abandonable = co_await as_outcome(offload_abandon([]() -> int { throw 5; }));
    CHECK(abandonable.has_error());
  });
  CHECK(ended.has_value());
}

TEST_CASE("an offloaded function gets copies of its arguments, and before them a stop token if it takes one",
          "[scope]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    const auto join = [](std::stop_token stop, std::string a, std::unique_ptr<int> b) {
      CHECK(stop.stop_possible());
      CHECK_FALSE(stop.stop_requested());
      return a + std::to_string(*b);
    };
    const std::string text = "lvalue";
    const std::string joined = co_await offload(join, text, std::make_unique<int>(1));
    CHECK(joined == "lvalue1");
    CHECK(text == "lvalue");
    int out = 0;
    co_await offload([](int& to) { to = 3; }, std::ref(out));
    CHECK(out == 3);
    const int sum = co_await offload_abandon([](int a, int b) { return a + b; }, 40, 2);
    CHECK(sum == 42);
    const bool with_token = co_await offload([](auto... all) { return sizeof...(all) == 1; });
    CHECK(with_token);
  });
  CHECK(ended.has_value());
}

TEST_CASE("an offloaded function runs outside of any fiber, and its fiber waits to offload", "[scope]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    fiber* const self = this_fiber::pointer();
    co_await offload([self] {
      CHECK(this_fiber::pointer() == nullptr);
      CHECK_FALSE(this_fiber::stop_requested());
      CHECK(self->waiting());
      CHECK(self->waits_to() == std::string{"offload"});
    });
    CHECK(this_fiber::pointer() == self);
  });
  CHECK(ended.has_value());
}

TEST_CASE("others run while an offloaded function blocks, and the fiber goes on when it has returned", "[scope]") {
  simulator simulated{in_any_order()};
  int turns = 0;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start([&]() -> task<> {
        for (; turns < 10; ++turns)
          co_await sleep_for(100ms);
      });
      const instant returned = co_await offload([&] { return blocks_for(simulated, 5s); });
      CHECK(returned == instant{5s});
      CHECK(simulated.time().now() == instant{5s});
      CHECK(turns == 10);
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a function and its arguments are gone after its return and before the fiber goes on", "[scope][B8]") {
  over_seeds(20, [](const simulation_options& options) {
    census alive;
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      const auto counts = [held = counted{alive}](bool fails, const counted&) -> std::size_t {
        if (fails)
          throw std::runtime_error{"on purpose"};
        return 1;
      };
      for (const bool fails : {false, true}) {
        const auto waited = co_await as_outcome(offload(counts, fails, counted{alive}));
        CHECK(waited.has_error() == fails);
        CHECK(alive.alive() == 1); // `counts` itself
        const auto left = co_await as_outcome(offload_abandon(counts, fails, counted{alive}));
        CHECK(left.has_error() == fails);
        CHECK(alive.alive() == 1);
      }
      auto never_awaited = offload(counts, true, counted{alive});
      CHECK(alive.alive() == 3);
    });
    CHECK(ended.has_value());
    CHECK(alive.alive() == 0);
  });
}

TEST_CASE("what a function holds goes where it ran, so that its destructor may block as well", "[scope][B8]") {
  struct says_where {
    explicit says_where(std::vector<bool>& log) : outside(&log) {}
    says_where(says_where&& other) noexcept : outside(std::exchange(other.outside, nullptr)) {}
    ~says_where() {
      if (outside != nullptr)
        outside->push_back(this_fiber::pointer() == nullptr);
    }
    std::vector<bool>* outside;
  };
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    std::vector<bool> log;
    const auto fails = [](bool throws, const says_where&) {
      if (throws)
        throw std::runtime_error{"on purpose"};
    };
    for (const bool throws : {false, true}) {
      static_cast<void>(co_await as_outcome(offload(fails, throws, says_where{log})));
      static_cast<void>(co_await as_outcome(offload_abandon(fails, throws, says_where{log})));
    }
    CHECK(log == std::vector{true, true, true, true});
  });
  CHECK(ended.has_value());
}

TEST_CASE("what an offloaded function holds learns how it ended", "[scope]") {
  std::vector<detail::ending> log;
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    const auto fails = [](bool throws, const says_how&) {
      if (throws)
        throw std::runtime_error{"on purpose"};
    };
    co_await offload(fails, false, says_how{log});
    static_cast<void>(co_await as_outcome(offload(fails, true, says_how{log})));
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        group.cancel();
        co_await offload(fails, false, says_how{log});
      });
    });
    // Its result is dropped.
    static_cast<void>(co_await move_on_after(1s, offload_abandon([&] {
                                               blocks_for(simulated, 2s);
                                               return says_how{log};
                                             })));
  });
  CHECK(ended.has_value());
  using enum detail::ending;
  CHECK(log == std::vector{normal, failed, stopped, stopped});
}

namespace {

enum class canceller { own_group, child_handle, deadline, sibling_failure, shutdown };

struct seen {
  std::optional<instant> returned;
  bool behind_wait = false;
};

/// Cancels, one way or another, after a second.
task<> cancels_after_a_second(canceller who, task_group& group, const std::function<void()>& others) {
  co_await sleep_for(1s);
  if (who == canceller::own_group)
    group.cancel();
  else if (who == canceller::sibling_failure)
    throw std::runtime_error{"on purpose"};
  else if (who != canceller::deadline)
    others();
}

/// A child that offloads a function of ten seconds, is cancelled after one, and waits once more.
template <class Function>
outcome<> cancelled_while_it_runs(canceller who, simulator& simulated, seen& saw, Function function) {
  std::function<void()> others;
  const auto top = make_root(simulated, [&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      auto waiting = group.start([&]() -> task<> {
        const auto offloads = [&]() -> task<> {
          saw.returned = co_await offload(function);
          co_await checkpoint();
          saw.behind_wait = true;
        };
        const duration limit = who == canceller::deadline ? duration{1s} : duration::max();
        co_await fail_after(limit, offloads());
      });
      others = [&, handle = std::make_shared<child<>>(std::move(waiting))] {
        if (who == canceller::child_handle)
          handle->cancel();
        else
          group.cancel(cancel_reason::shutdown);
      };
      group.start(cancels_after_a_second, who, std::ref(group), std::ref(others));
    });
  });
  if (who == canceller::shutdown)
    others = [&] { top->cancel(cancel_reason::shutdown); };
  top->start();
  simulated.advance(1h);
  others = nullptr;
  return top->take();
}

constexpr canceller cancellers[] = {canceller::own_group, canceller::child_handle, canceller::deadline,
                                    canceller::sibling_failure, canceller::shutdown};

} // namespace

TEST_CASE("a cancel while the function runs requests its token, and what it gives then is delivered", "[scope][B8]") {
  for (const canceller who : cancellers) {
    INFO("canceller " << static_cast<int>(who));
    for (std::uint64_t seed = 0; seed < seeds(10); ++seed) {
      simulator simulated{{.seed = seed}};
      seen saw;
      static_cast<void>(cancelled_while_it_runs(
          who, simulated, saw, [&](std::stop_token stop) { return blocks_for(simulated, 10s, stop); }));
      CHECK(saw.returned == instant{1s}); // the very moment of the cancel
      CHECK_FALSE(saw.behind_wait);
    }
  }
}

TEST_CASE("a function that does not look at its token is waited for, and its result is delivered", "[scope][B8]") {
  for (const canceller who : cancellers) {
    INFO("canceller " << static_cast<int>(who));
    for (std::uint64_t seed = 0; seed < seeds(10); ++seed) {
      simulator simulated{{.seed = seed}};
      seen saw;
      static_cast<void>(cancelled_while_it_runs(who, simulated, saw, [&] { return blocks_for(simulated, 10s); }));
      CHECK(saw.returned == instant{10s});
      CHECK_FALSE(saw.behind_wait);
    }
  }
}

TEST_CASE("a deadline waits for the function, whose result is there then", "[scope][B8]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    const instant asked =
        co_await fail_after(1s, offload([&](std::stop_token stop) { return blocks_for(simulated, 10s, stop); }));
    CHECK(asked == instant{1s});
    const auto slow = co_await move_on_after(1s, offload([&] { return blocks_for(simulated, 10s); }));
    CHECK(slow == instant{11s});
    const auto failed = co_await as_outcome(fail_after(1s, offload([&](std::stop_token stop) {
                                                         blocks_for(simulated, 10s, stop);
                                                         throw std::range_error{"its own error"};
                                                       })));
    REQUIRE(failed.has_error());
    CHECK(message_of(failed.error()) == "its own error");
    CHECK(simulated.time().now() == instant{12s});
    co_await checkpoint(); // nothing is pending out here
  });
  CHECK(ended.has_value());
}

TEST_CASE("what a function has registered at its token is called before its fiber goes on", "[scope]") {
  simulator simulated{in_any_order()};
  bool called = false;
  const auto ended = simulated.run([&]() -> task<> {
    co_await offload([&](std::stop_token stop) {
      const std::stop_callback registered{stop, [&] { called = true; }};
      blocks_for(simulated, 2s);
    });
    CHECK_FALSE(called);
    static_cast<void>(co_await move_on_after(1s, offload([&](std::stop_token stop) {
                                               const std::stop_callback registered{stop, [&] { called = true; }};
                                               blocks_for(simulated, 2s);
                                             })));
    CHECK(called);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a function that waits for a thread when the cancel comes never begins, and goes at once", "[scope][B8]") {
  census alive;
  simulator simulated{{.offload_threads_max = 1}};
  bool begun = false;
  for (const bool abandons : {false, true}) {
    const auto ended = simulated.run([&]() -> task<> {
      const instant now = simulated.time().now();
      std::optional<child<>> queued;
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start([&]() -> task<> {
          co_await offload([&] {
            while (!queued)
              simulated.advance(100ms);
            blocks_for(simulated, 1s);
            CHECK(alive.alive() == 2); // in the queue, and where it was copied from
            CHECK_FALSE(queued->ended());
            queued->cancel();
            blocks_for(simulated, 1s);
            CHECK(alive.alive() == 0);
            CHECK(queued->ended());
          });
        });
        co_await sleep_for(100ms);
        queued.emplace(group.start([&]() -> task<> {
          const auto begins = [&begun](const counted&) { begun = true; };
          if (abandons)
            co_await offload_abandon(begins, counted{alive});
          else
            co_await offload(begins, counted{alive});
        }));
      });
      CHECK(queued->result().cancelled());
      CHECK(simulated.time().now() > now + 2s);
    });
    CHECK(ended.has_value());
    CHECK_FALSE(begun);
    CHECK(simulated.abandoned() == 0);
  }
}

TEST_CASE("a cancel that is pending already starts no function", "[scope][B8]") {
  census alive;
  bool begun = false;
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([&]() -> task<> {
    const auto begins = [&begun](const counted&) { begun = true; };
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start([&]() -> task<> {
        group.cancel();
        co_await offload(begins, counted{alive});
        begun = true;
      });
      co_return;
    });
    CHECK(alive.alive() == 0);
    co_await in_task_group([&](task_group& group) -> task<> {
      group.cancel();
      co_await offload_abandon(begins, counted{alive});
      begun = true;
    });
    CHECK(alive.alive() == 0);
    const auto passed = co_await move_on_after(0s, offload(begins, counted{alive}));
    CHECK_FALSE(passed);
  });
  CHECK(ended.has_value());
  CHECK_FALSE(begun);
  CHECK(alive.made.load() >= 3);
  CHECK(alive.alive() == 0);
}

TEST_CASE("functions that wait for a thread begin first come first served", "[scope][B8]") {
  over_seeds(50, [](simulation_options options) {
    options.offload_threads_max = 1;
    simulator simulated{options};
    std::vector<int> came;
    std::vector<int> began;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        for (int i = 0; i < 8; ++i)
          group.start([&, i]() -> task<> {
            co_await yield();
            came.push_back(i);
            co_await offload([&began, i] { began.push_back(i); });
          });
      });
    });
    CHECK(ended.has_value());
    CHECK(came.size() == 8);
    CHECK(began == came);
  });
}

TEST_CASE("an abandoned function is left at once, counted until it returns, and what it gives is dropped",
          "[scope][B8]") {
  for (const bool fails : {false, true}) {
    census given;
    census held;
    simulator simulated{in_any_order()};
    bool returned = false;
    const auto ended = simulated.run([&]() -> task<> {
      const auto blocks = [&](std::stop_token stop, const counted&) -> counted { // [&]: the simulator is ours
        CHECK(simulated.abandoned() == 0);
        blocks_for(simulated, 10s, stop);
        CHECK(simulated.time().now() == instant{1s}); // asked at once
        CHECK(simulated.abandoned() == 1);
        blocks_for(simulated, 9s);
        CHECK(simulated.abandoned() == 1);
        CHECK(held.alive() == 1);
        returned = true;
        if (fails)
          throw std::runtime_error{"on purpose"};
        return counted{given};
      };
      const auto left = co_await move_on_after(1s, offload_abandon(blocks, counted{held}));
      CHECK_FALSE(left.has_value());
      CHECK_FALSE(returned);
      CHECK(simulated.time().now() == instant{1s});
      CHECK(simulated.abandoned() == 1);
      co_await sleep_for(5s);
      CHECK(simulated.abandoned() == 1);
    });
    CHECK(ended.has_value());
    CHECK(returned);
    CHECK(simulated.abandoned() == 0);
    CHECK(held.alive() == 0);
    CHECK((given.made.load() == 0) == fails);
    CHECK(given.alive() == 0);
  }
}

TEST_CASE("a function that returned before its fiber could leave it is not abandoned, and its result counts",
          "[scope][B8]") {
  simulator simulated{in_any_order()};
  bool delivered = false;
  bool behind_wait = false;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const int value = co_await offload_abandon([&] {
        group.cancel(); // the fiber is on its way, and finds the result
        return 3;
      });
      delivered = value == 3;
      co_await checkpoint();
      behind_wait = true;
    });
    CHECK(simulated.abandoned() == 0);
  });
  CHECK(ended.has_value());
  CHECK(delivered);
  CHECK_FALSE(behind_wait);
}

TEST_CASE("beside an abandoned function its siblings wait for theirs, and the group for them", "[scope][B8]") {
  simulator simulated{in_any_order()};
  std::optional<instant> waited;
  bool left = true;
  const auto ended = simulated.run([&]() -> task<> {
    const bool done = co_await move_on_after(
        1s, in_task_group([&](task_group& group) {
          group.start([&]() -> task<> { waited = co_await offload([&] { return blocks_for(simulated, 9s); }); });
          group.start([&]() -> task<> {
            co_await offload_abandon([&] { blocks_for(simulated, 99s); });
            left = false;
          });
        }));
    CHECK_FALSE(done);
    CHECK(waited >= instant{9s});
    CHECK(left);
  });
  CHECK(ended.has_value());
  CHECK(simulated.abandoned() == 0);
}

namespace {

/// An executor on which no thread can be made.
class without_threads final : public executor {
public:
  without_threads() : executor(clock) {}
  void schedule(fiber& ready) noexcept override { ready_.push_back(&ready); }
  void schedule_last(fiber& ready) noexcept override { ready_.push_back(&ready); }
  detail::offload_queue* offloads() noexcept override { return &queue_; }

  void run_all() {
    for (std::size_t i = 0; i < ready_.size(); ++i)
      ready_[i]->run();
    ready_.clear();
  }
  virtual_clock clock;

private:
  class failing_queue final : public detail::offload_queue {
  public:
    failing_queue() : offload_queue(1) {}

  private:
    void job_queued() override {
      throw std::system_error{std::make_error_code(std::errc::resource_unavailable_try_again)};
    }
  };

  std::vector<fiber*> ready_;
  failing_queue queue_;
};

} // namespace

TEST_CASE("where there is no thread and none can be made, the fiber gets the error and the function goes", "[scope]") {
  census alive;
  without_threads executor;
  bool caught = false;
  const auto top = make_root(executor, [&]() -> task<> {
    const auto never = [](const counted&) { FAIL("there is no thread"); };
    try {
      co_await offload(never, counted{alive});
    } catch (const std::system_error&) {
      caught = alive.alive() == 0;
    }
    static_cast<void>(co_await as_outcome(offload_abandon(never, counted{alive})));
    co_await yield(); // its next wait is a wait like any
  });
  top->start();
  executor.run_all();
  REQUIRE(top->has_ended());
  CHECK(top->take().has_value());
  CHECK(caught);
  CHECK(alive.alive() == 0);
  CHECK(executor.abandoned() == 0);
}
