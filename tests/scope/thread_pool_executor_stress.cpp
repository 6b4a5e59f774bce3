#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// Counts its constructions and destructions.
class counted {
public:
  counted() { made.fetch_add(1); }
  counted(const counted&) { made.fetch_add(1); }
  ~counted() { gone.fetch_add(1); }

  static inline std::atomic<long> made{0};
  static inline std::atomic<long> gone{0};
};

task<int> with_argument(counted, std::atomic<long>& ran) {
  ran.fetch_add(1);
  co_return 1;
}

task<int> answer() { co_return 42; }

task<> fails() {
  co_await sleep_for(10us);
  throw std::runtime_error("on purpose");
}

task<> sleep_a_little(duration wait) { co_await sleep_for(wait); }

} // namespace

TEST_CASE("run gives the value, the error, or that it was cancelled", "[scope][stress]") {
  thread_pool_executor pool{2};
  CHECK(pool.run(answer).value() == 42);
  CHECK(pool.run(fails).has_error());
  auto top = make_root(pool, sleep_a_little, duration{1h});
  top->start();
  top->cancel();
  top->wait();
  CHECK(top->take().cancelled());
}

TEST_CASE("several threads run roots on one pool at once", "[scope][stress]") {
  thread_pool_executor pool{2};
  std::atomic<int> right{0};
  std::vector<std::thread> outside;
  for (int i = 0; i < 4; ++i)
    outside.emplace_back([&] {
      for (int k = 0; k < 200; ++k)
        if (pool.run(answer).value() == 42)
          right.fetch_add(1);
    });
  for (std::thread& joined : outside)
    joined.join();
  CHECK(right.load() == 800);
}

TEST_CASE("a pool can be started and stopped 200 times, with work, without, and right after it", "[scope][stress]") {
  for (int i = 0; i < 200; ++i) {
    thread_pool_executor pool{static_cast<std::size_t>(1 + i % 4)};
    if (i % 3 != 0)
      REQUIRE(pool.run(answer).value() == 42);
    if (i % 7 == 0)
      REQUIRE(pool.run(sleep_a_little, duration{50us}).has_value());
  }
}

TEST_CASE("a pool runs on a clock that is passed", "[scope][stress]") {
  steady_time time;
  thread_pool_executor one{time, 1};
  thread_pool_executor other{time, 1};
  CHECK(&one.time() == &time);
  CHECK(one.run(sleep_a_little, duration{1ms}).has_value());
  CHECK(other.run(sleep_a_little, duration{1ms}).has_value());
}

TEST_CASE("a start that races with the group's cancel runs to its end or is refused, and leaks nothing",
          "[scope][stress][A3]") {
  constexpr int starts_per_group = 100;
  const int groups = static_cast<int>(tests::seeds(1000)); // 100,000 races
  counted::made = 0;
  counted::gone = 0;
  std::atomic<long> ran{0};
  long values = 0;
  long refused = 0;
  long others = 0;
  {
    thread_pool_executor pool{2};
    std::atomic<task_group*> to_cancel{nullptr};
    std::atomic<bool> aimed{false};
    std::atomic<bool> over{false};
    std::thread canceller{[&] {
      std::mt19937 random{1}; // NOLINT: repeatable
      while (!over.load()) {
        if (to_cancel.load() == nullptr) {
          std::this_thread::yield();
          continue;
        }
        aimed.store(true);
        for (auto spins = random() % 4000; spins > 0; --spins)
          detail::cpu_relax();
        to_cancel.load()->cancel();
        to_cancel.store(nullptr); // the group may go now
      }
    }};
    const auto race = [&]() -> task<> {
      for (int i = 0; i < groups; ++i) {
        std::vector<child<int>> handles;
        co_await in_task_group([&](task_group& group) {
          const auto start = [&] { handles.push_back(group.start(with_argument, counted{}, std::ref(ran))); };
          aimed.store(false);
          to_cancel.store(&group);
          while (!aimed.load())
            std::this_thread::yield();
          for (int k = 1; k < starts_per_group; ++k)
            start();
          while (to_cancel.load() != nullptr)
            std::this_thread::yield();
          start(); // refused for certain
        });
        for (const child<int>& started : handles) {
          const outcome<int>& ended = started.result();
          if (ended.has_value())
            ++values;
          else if (ended.cancelled() && ended.cause().reason == cancel_reason::scope_closed)
            ++refused;
          else
            ++others;
        }
      }
    };
    REQUIRE(pool.run(std::ref(race)).has_value());
    over.store(true);
    canceller.join();
  }
  CHECK(values == ran.load());
  CHECK(values + refused == static_cast<long>(groups) * starts_per_group);
  CHECK(others == 0);
  CHECK(refused >= groups);
  CHECK(counted::made.load() == counted::gone.load());
}

TEST_CASE("sleeps, deadlines and cancels race on the real clock and all of them end", "[scope][stress]") {
  thread_pool_executor pool{2};
  const int rounds = static_cast<int>(tests::seeds(2000));
  std::atomic<int> ended{0};
  const auto limited = [&](int seed) -> task<> {
    for (int i = 0; i < rounds / 16; ++i) {
      const duration wait = std::chrono::microseconds{(seed * 31 + i * 17) % 300};
      const duration limit = std::chrono::microseconds{(seed * 13 + i * 29) % 300};
      static_cast<void>(co_await move_on_after(limit, sleep_a_little(wait)));
      ended.fetch_add(1);
    }
  };
  const auto all = [&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      for (int seed = 0; seed < 16; ++seed)
        group.start(std::ref(limited), seed);
    });
  };
  REQUIRE(pool.run(std::ref(all)).has_value());
  CHECK(ended.load() == rounds / 16 * 16);
}

TEST_CASE("a tree is cancelled from outside at any moment and ends", "[scope][stress]") {
  thread_pool_executor pool{2};
  const int rounds = static_cast<int>(tests::seeds(300));
  std::mt19937 random{2}; // NOLINT: repeatable
  const auto tree = []() -> task<> {
    co_await in_task_group([](task_group& group) {
      for (int i = 0; i < 20; ++i)
        group.start(sleep_a_little, duration{1h});
    });
  };
  for (int i = 0; i < rounds; ++i) {
    auto top = make_root(pool, std::ref(tree));
    top->start();
    for (auto spins = random() % 3000; spins > 0; --spins)
      detail::cpu_relax();
    top->cancel();
    top->wait();
    REQUIRE_FALSE(top->take().has_error()); // a value, if the cancel came before there was a child
  }
}
