#include <troupe/scope/exit_stack.hpp>

#include <troupe/scope/attached_errors.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr int resources = 5;

enum class fault { none, fails, hangs };

/// What goes wrong, and where; -1: nowhere.
struct faults {
  int acquiring = -1;
  fault acquire = fault::none;
  int releasing = -1;
  fault release = fault::none;

  fault when_acquiring(int number) const { return number == acquiring ? acquire : fault::none; }
  fault when_releasing(int number) const { return number == releasing ? release : fault::none; }
};

/// What was acquired and released, by number.
struct books {
  std::vector<int> acquired;
  std::vector<int> released;
  int alive = 0;
};

task<> step(fault what) {
  co_await sleep_for(1s);
  if (what == fault::fails)
    throw std::runtime_error{"on purpose"};
  if (what == fault::hangs)
    co_await sleep_until(instant::max());
}

class resource {
public:
  resource(books& in, int number, fault release) : in_(&in), number_(number), release_(release) {
    in_->acquired.push_back(number_);
    ++in_->alive;
  }
  resource(resource&& other) noexcept
      : in_(std::exchange(other.in_, nullptr)), number_(other.number_), release_(other.release_) {}
  resource& operator=(resource&&) = delete;
  ~resource() {
    if (in_ != nullptr)
      --in_->alive;
  }
  task<> release() {
    in_->released.push_back(number_);
    co_await step(release_);
  }

private:
  books* in_;
  int number_;
  fault release_;
};

task<resource> acquire(books& in, int number, const faults& what) {
  co_await step(what.when_acquiring(number));
  co_return resource{in, number, what.when_releasing(number)};
}

task<int> use_five(books& in, const faults& what) {
  co_return co_await in_exit_stack([&](exit_stack& stack) -> task<int> {
    for (int i = 0; i < resources; ++i)
      co_await stack.enter(exit_options{.limit = 3s}, acquire(in, i, what));
    co_await sleep_for(1s);
    co_return 7;
  });
}

/// What was acquired was released once, in the reverse order, and nothing is left.
void require_unwound(const books& seen) {
  CHECK(seen.alive == 0);
  CHECK(std::vector<int>(seen.released.rbegin(), seen.released.rend()) == seen.acquired);
  for (std::size_t i = 0; i < seen.acquired.size(); ++i)
    CHECK(seen.acquired[i] == static_cast<int>(i));
}

} // namespace

TEST_CASE("five resources are released in reverse, whichever is not acquired, fails or hangs, cancelled at any step",
          "[scope][E1][E2][B5]") {
  std::vector<faults> all{faults{}};
  for (const fault kind : {fault::fails, fault::hangs})
    for (int at = 0; at < resources; ++at) {
      all.push_back({.acquiring = at, .acquire = kind});
      all.push_back({.releasing = at, .release = kind});
      all.push_back({.acquiring = resources - 1, .acquire = fault::fails, .releasing = at, .release = kind});
    }
  std::size_t runs = 0;
  over_seeds(30, [&](const simulation_options& options) {
    for (const faults& what : all) {
      const bool faulty = what.acquire != fault::none || what.release != fault::none;
      {
        books seen;
        simulator simulated{options};
        const outcome<int> ended = simulated.run([&] { return use_five(seen, what); });
        require_unwound(seen);
        // The racing clock may let a limit pass at any time.
        if (options.clock == clock_mode::autojump)
          CHECK(ended.has_value() != faulty);
      }
      runs += cancelled_at_every_step(options.seed, options.clock, [&](const simulation_options& cancelled) {
        books seen;
        simulator simulated{cancelled};
        static_cast<void>(simulated.run([&] { return use_five(seen, what); }));
        require_unwound(seen);
        return simulated.steps();
      });
    }
  });
  CHECK(runs > 1'000);
}

TEST_CASE("of a failing block, a failing cleanup and a cancel none is lost, in any schedule", "[scope][A1][B5]") {
  over_seeds(1'000, [](const simulation_options& options) {
    simulator simulated{options};
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([]() -> task<> {
          const auto block = [](exit_stack& stack) -> task<> {
            stack.push([]() -> task<> {
              co_await yield();
              throw std::runtime_error{"cleanup"};
            });
            co_await yield();
            throw std::runtime_error{"block"};
          };
          const outcome<> failed = co_await as_outcome(in_exit_stack(block));
          const std::string primary = message_of(failed.error());
          const auto attached = attached_errors(failed.error());
          // A cancel that came before the block had failed leaves the cleanup's error only.
          CHECK((primary == "block" || primary == "cleanup"));
          CHECK(attached.size() == (primary == "block" ? 1 : 0));
          const bool pending = this_fiber::stop_requested();
          if (primary == "cleanup")
            CHECK(pending);
          std::rethrow_exception(failed.error());
        });
        group.start([&group]() -> task<> {
          co_await yield();
          group.cancel();
        });
      });
    });
    CHECK(ended.has_error());
  });
}

TEST_CASE("a group lists its children's failures in cleanup by start index, with what began it as the primary",
          "[scope][A1]") {
  over_seeds(1'000, [](const simulation_options& options) {
    simulator simulated{options};
    const outcome<> ended = simulated.run([]() -> task<> {
      co_await in_task_group([](task_group& group) {
        group.start([] {
          return in_exit_stack([](exit_stack& stack) -> task<> {
            stack.push([]() -> task<> {
              co_await sleep_for(1s);
              throw std::runtime_error{"cleanup of 0"};
            });
            co_await sleep_until(instant::max());
          });
        });
        group.start([]() -> task<> {
          co_await sleep_for(2s);
          throw std::runtime_error{"failure of 1"};
        });
        group.start([] { // leaves its wait a second after the cancel
          return in_exit_stack([](exit_stack& stack) -> task<> {
            stack.push(exit_options{.limit = 1h}, []() -> task<> { co_await sleep_for(1s); });
            co_await sleep_until(instant::max());
          });
        });
      });
    });
    const error_group group = group_of(ended);
    REQUIRE(group.errors().size() == 2);
    CHECK(group.errors()[0].whose() == "child 0");
    // On the racing clock the cleanup's limit may pass first.
    if (options.clock == clock_mode::autojump)
      CHECK(message_of(group.errors()[0].error) == "cleanup of 0");
    CHECK(message_of(group.errors()[1].error) == "failure of 1");
    CHECK(group.primary() == 1);
  });
}
