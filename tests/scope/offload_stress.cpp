#include <troupe/scope/offload.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t threads_max = 3;

template <class Test>
void on_threads(Test&& test) {
  for (const std::size_t threads : {1U, 2U, 4U}) {
    INFO(threads << " threads");
    thread_pool_executor executor{threads, nullptr, threads_max};
    test(executor);
  }
}

/// What all calls of `offload`, or all of `offload_abandon`, did.
struct books {
  census closures;
  census leases;
  std::atomic<std::size_t> calls{0};
  std::atomic<std::size_t> began{0};
  std::atomic<std::size_t> ended{0};
  std::atomic<std::size_t> delivered{0};
  std::atomic<std::size_t> at_once{0};
  std::atomic<std::size_t> at_once_max{0};
};

void raise_to(std::atomic<std::size_t>& most, std::size_t seen) {
  for (std::size_t known = most.load(); known < seen && !most.compare_exchange_weak(known, seen);) {
  }
}

/// A function that acquires a lease and gives it, or throws, after some work or once its token is requested.
class acquires {
public:
  acquires(books& own, books& common, std::uint64_t seed)
      : own_(&own), common_(&common), seed_(seed), counted_(own.closures) {}

  counted operator()(const std::stop_token& stop) const {
    ++own_->began;
    raise_to(common_->at_once_max, ++common_->at_once);
    seeded_random random{seed_};
    counted lease{own_->leases};
    for (auto spins = random.below(3'000); spins > 0 && !stop.stop_requested(); --spins)
      detail::cpu_relax();
    if (random.below(4) == 0)
      std::this_thread::yield();
    --common_->at_once;
    ++own_->ended;
    if (random.below(4) == 0)
      throw std::runtime_error{"on purpose"};
    return lease;
  }

private:
  books* own_;
  books* common_;
  std::uint64_t seed_;
  counted counted_;
};

task<> one_call(bool abandons, acquires work, books& all) {
  ++all.calls;
  if (abandons)
    static_cast<void>(co_await as_outcome(offload_abandon(std::move(work))));
  else
    static_cast<void>(co_await as_outcome(offload(std::move(work))));
  ++all.delivered;
  co_await yield();
}

task<> worker(books& waiting, books& leaving, std::uint64_t seed) {
  seeded_random random{seed};
  for (;;) { // until the group is cancelled
    const bool abandons = random.below(2) == 0;
    books& mine = abandons ? leaving : waiting;
    const duration limit =
        random.below(2) == 0 ? duration{std::chrono::microseconds{random.below(60)}} : duration::max();
    acquires work{mine, waiting, random.next()};
    static_cast<void>(co_await move_on_after(limit, one_call(abandons, std::move(work), mine)));
  }
}

task<> races(books& waiting, books& leaving, std::uint64_t seed) {
  co_await in_task_group([&](task_group& group) -> task<> {
    for (std::uint64_t i = 0; i < 6; ++i)
      group.start(worker, std::ref(waiting), std::ref(leaving), seed * 6 + i);
    co_await sleep_for(std::chrono::microseconds{seed % 7 * 50});
    group.cancel();
  });
}

} // namespace

TEST_CASE("ten thousand offloaded functions race with cancels and limits, and the books add up, on threads",
          "[scope][B8][stress]") {
  on_threads([](thread_pool_executor& executor) {
    books waiting;
    books leaving;
    const std::size_t calls = seeds(10'000);
    for (std::uint64_t round = 0; waiting.calls + leaving.calls < calls; ++round)
      REQUIRE(executor.run(races, std::ref(waiting), std::ref(leaving), round).has_value());
    while (executor.abandoned() > 0)
      std::this_thread::yield();
    CHECK(waiting.at_once == 0);
    CHECK(waiting.at_once_max <= threads_max);
    CHECK(waiting.at_once_max > 1);
    CHECK(executor.offloads()->threads() <= threads_max);
    for (const books* each : {&waiting, &leaving}) {
      CHECK(each->closures.alive() == 0);
      CHECK(each->leases.alive() == 0);
      CHECK(each->began == each->ended);
      CHECK(each->began < each->calls); // some were withdrawn
    }
    CHECK(waiting.delivered == waiting.began); // nothing that has begun is discarded
    CHECK(leaving.delivered < leaving.began);  // some were abandoned
  });
}

TEST_CASE("a cancel from outside that races with the end of a function leaves nothing behind, on threads",
          "[scope][B8][stress]") {
  on_threads([](thread_pool_executor& executor) {
    std::mt19937 random{1}; // NOLINT: repeatable
    const std::size_t rounds = seeds(1'000);
    for (std::size_t round = 0; round < rounds; ++round) {
      census leases;
      std::atomic<bool> begun{false};
      std::atomic<bool> delivered{false};
      const auto top = make_root(executor, [&]() -> task<> {
        const counted lease = co_await offload([&] {
          begun = true;
          return counted{leases};
        });
        delivered = true;
        co_await yield();
      });
      top->start();
      for (auto spins = random() % 2'000; spins > 0; --spins)
        detail::cpu_relax();
      top->cancel();
      top->wait();
      REQUIRE_FALSE(top->take().has_error());
      REQUIRE(delivered == begun);
      REQUIRE(leases.alive() == 0);
    }
  });
}

TEST_CASE("the token of a running function is requested by a limit, and what it then gives is delivered, on threads",
          "[scope][B8][stress]") {
  on_threads([](thread_pool_executor& executor) {
    const std::size_t rounds = std::max<std::size_t>(seeds(200), 10);
    const auto ended = executor.run([&]() -> task<> {
      for (std::size_t round = 0; round < rounds; ++round) {
        std::atomic<bool> running{false};
        const auto result = co_await as_outcome(fail_after(1ms, offload([&](const std::stop_token& stop) {
                                                             running = true;
                                                             while (!stop.stop_requested())
                                                               std::this_thread::yield();
                                                             return 7;
                                                           })));
        if (running) // else it was too late to begin
          CHECK(result.has_value());
        else
          CHECK(result.has_error());
      }
    });
    CHECK(ended.has_value());
  });
}

TEST_CASE("functions block without keeping fibers off their only thread, and up to the maximum run at once",
          "[scope][B8][stress]") {
  thread_pool_executor executor{1, nullptr, threads_max};
  std::atomic<std::size_t> arrived{0};
  std::atomic<bool> told{false};
  std::atomic<int> wrong{0};
  const auto ended = executor.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i < threads_max; ++i)
        group.start([&]() -> task<> {
          co_await offload([&] {
            wrong += this_fiber::pointer() == nullptr && carrier::here() == nullptr ? 0 : 1;
            ++arrived;
            while (arrived < threads_max || !told) // for each other, and for a fiber
              std::this_thread::yield();
          });
        });
      while (arrived < threads_max)
        co_await yield();
      told = true;
    });
  });
  CHECK(ended.has_value());
  CHECK(wrong == 0);
}

TEST_CASE("an executor waits at its end for functions that were abandoned", "[scope][B8][stress]") {
  for (int round = 0; round < 50; ++round) {
    const auto go_on = std::make_shared<std::atomic<bool>>(false);
    const auto returned = std::make_shared<std::atomic<bool>>(false);
    std::optional<thread_pool_executor> executor{std::in_place, 2U};
    std::atomic<bool> begun{false};
    const auto blocks = [go_on, returned, &begun] {
      begun = true;
      while (!*go_on)
        std::this_thread::yield();
      *returned = true;
    };
    const auto top = make_root(*executor, [&]() -> task<> { co_await offload_abandon(blocks); });
    top->start();
    while (!begun)
      std::this_thread::yield();
    CHECK(executor->abandoned() == 0);
    top->cancel();
    top->wait();
    CHECK(top->take().cancelled());
    CHECK(executor->abandoned() == 1);
    CHECK_FALSE(*returned);
    std::thread later{[go_on] { *go_on = true; }};
    executor.reset();
    CHECK(*returned);
    CHECK(go_on.use_count() <= 3); // the function has let go: ours, `blocks` and perhaps that of `later`
    later.join();
  }
}
