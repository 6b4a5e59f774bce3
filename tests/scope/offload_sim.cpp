#include <troupe/scope/offload.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <tuple>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// What all calls of `offload`, or all of `offload_abandon`, did in one run or in many.
struct books {
  census closures;
  census leases;
  std::size_t calls = 0;
  std::size_t began = 0;
  std::size_t ended = 0;
  std::size_t delivered = 0; ///< values and errors that came back
  std::size_t late = 0;      ///< those of them that came with a stop pending
};

std::size_t at_once = 0;
std::size_t at_once_max = 0;

/// A function that acquires a lease and gives it, or throws. It may take some time, look at its token, and cancel.
class acquires {
public:
  acquires(simulator& simulated, books& all, task_group* group, std::uint64_t seed)
      : simulated_(&simulated), all_(&all), group_(group), seed_(seed), counted_(all.closures) {}

  counted operator()(const std::stop_token& stop) const {
    seeded_random random{seed_};
    ++all_->began;
    at_once_max = std::max(at_once_max, ++at_once);
    CHECK(this_fiber::pointer() == nullptr);
    counted lease{all_->leases};
    for (auto turns = random.below(4); turns > 0 && !stop.stop_requested(); --turns)
      simulated_->advance(duration{1ms} * static_cast<int>(random.below(3)));
    if (group_ != nullptr && random.below(6) == 0)
      group_->cancel();
    --at_once;
    ++all_->ended;
    if (random.below(4) == 0)
      throw std::runtime_error{"on purpose"};
    return lease;
  }

private:
  simulator* simulated_;
  books* all_;
  task_group* group_; // null for who may be abandoned: the group may have gone
  std::uint64_t seed_;
  counted counted_;
};

void deliver(const outcome<counted>& got, books& all) {
  CHECK_FALSE(got.cancelled());
  ++all.delivered;
  all.late += this_fiber::stop_requested() ? 1 : 0;
}

task<> waits(acquires work, books& all) {
  ++all.calls;
  const outcome<counted> got = co_await as_outcome(offload(std::move(work)));
  deliver(got, all);
  co_await yield(); // holds the lease
}

task<> leaves(acquires work, books& all) {
  ++all.calls;
  const outcome<counted> got = co_await as_outcome(offload_abandon(std::move(work)));
  deliver(got, all);
  co_await yield();
}

task<> worker(simulator& simulated, books& waiting, books& leaving, task_group& group, std::uint64_t seed) {
  seeded_random random{seed};
  for (int i = 0; i < 3; ++i) {
    const duration limit = random.below(2) == 0 ? duration{1ms} * static_cast<int>(random.below(4)) : duration::max();
    if (random.below(2) == 0) {
      acquires work{simulated, waiting, &group, random.next()};
      static_cast<void>(co_await move_on_after(limit, waits(std::move(work), waiting)));
    } else {
      acquires work{simulated, leaving, nullptr, random.next()};
      static_cast<void>(co_await move_on_after(limit, leaves(std::move(work), leaving)));
    }
    if (random.below(3) == 0)
      co_await sleep_for(duration{1ms} * static_cast<int>(random.below(3)));
  }
}

/// One run; what holds after each. Adds to `total` what there was.
std::uint64_t run_workers(simulation_options options, books& total_waiting, books& total_leaving) {
  books waiting;
  books leaving;
  at_once = at_once_max = 0;
  options.offload_threads_max = 1 + options.seed % 3;
  simulator simulated{options};
  const auto ended = simulated.run([&]() -> task<> {
    for (std::uint64_t round = 0; round < 2; ++round)
      co_await in_task_group([&](task_group& group) {
        for (std::uint64_t i = 0; i < 4; ++i)
          group.start(worker, std::ref(simulated), std::ref(waiting), std::ref(leaving), std::ref(group),
                      (options.seed * 2 + round) * 4 + i);
      });
  });
  CHECK_FALSE(ended.has_error());
  CHECK(at_once == 0);
  CHECK(at_once_max <= options.offload_threads_max);
  CHECK(simulated.abandoned() == 0);
  CHECK(simulated.clock().timers() == 0);
  for (const books* each : {&waiting, &leaving}) {
    CHECK(each->closures.alive() == 0);
    CHECK(each->leases.alive() == 0);
    CHECK(each->began == each->ended);
    CHECK(each->began <= each->calls);
    CHECK(each->delivered <= each->began);
  }
  CHECK(waiting.delivered == waiting.began); // nothing that has begun is discarded
  for (const auto& [total, one] : {std::pair{&total_waiting, &waiting}, std::pair{&total_leaving, &leaving}}) {
    total->calls += one->calls;
    total->began += one->began;
    total->delivered += one->delivered;
    total->late += one->late;
  }
  return simulated.steps();
}

} // namespace

TEST_CASE("whoever cancels, each offloaded function is delivered or never begins, and leaves nothing behind",
          "[scope][B8]") {
  books waiting;
  books leaving;
  over_seeds(1'000, [&](const simulation_options& options) { run_workers(options, waiting, leaving); });
  // All that can happen did.
  CHECK(waiting.began < waiting.calls);
  CHECK(waiting.late > 0);
  CHECK(leaving.began < leaving.calls);
  CHECK(leaving.delivered < leaving.began);
  CHECK(leaving.late > 0);
}

TEST_CASE("cancelled before any of its steps, a run with offloaded functions leaves nothing behind", "[scope][B8]") {
  books waiting;
  books leaving;
  for (std::uint64_t seed = 0; seed < seeds(20); ++seed)
    for (const clock_mode clock : {clock_mode::autojump, clock_mode::race}) {
      const std::uint64_t runs = cancelled_at_every_step(
          seed, clock, [&](const simulation_options& options) { return run_workers(options, waiting, leaving); });
      CHECK(runs > 20);
    }
}

namespace {

/// Positions in the order of coming, in the order of beginning.
std::vector<std::size_t> order_of_beginning(const simulation_options& options) {
  simulator simulated{options};
  std::vector<int> came;
  std::vector<std::size_t> began;
  const auto ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < 6; ++i)
        group.start([&, i]() -> task<> {
          co_await yield();
          came.push_back(i);
          co_await offload([&, i] {
            began.push_back(static_cast<std::size_t>(std::find(came.begin(), came.end(), i) - came.begin()));
          });
        });
    });
  });
  CHECK(ended.has_value());
  CHECK(began.size() == 6);
  return began;
}

} // namespace

TEST_CASE("a function is overtaken by no more than run at once beside it", "[scope][B8]") {
  for (const std::size_t threads_max : {1U, 2U, 3U}) {
    std::size_t overtaken_max = 0;
    over_seeds(1'000, [&](simulation_options options) {
      options.offload_threads_max = threads_max;
      const std::vector<std::size_t> began = order_of_beginning(options);
      for (std::size_t at = 0; at < began.size(); ++at) {
        // Those that came earlier and are not there yet hold a place each, at this moment.
        const auto earlier =
            static_cast<std::size_t>(std::count_if(began.begin() + static_cast<std::ptrdiff_t>(at), began.end(),
                                                   [&](std::size_t later) { return later < began[at]; }));
        overtaken_max = std::max(overtaken_max, earlier);
      }
    });
    CHECK(overtaken_max == threads_max - 1);
  }
}

TEST_CASE("a run with offloaded functions is repeated by its seed", "[scope]") {
  using event_list = std::vector<std::tuple<instant, event_kind, std::uint64_t, std::uint64_t, std::uint64_t>>;
  const auto traced = [](simulation_options options) {
    recorder sink;
    options.sink = &sink;
    books waiting;
    books leaving;
    run_workers(options, waiting, leaving);
    event_list all;
    for (const event& each : sink.events())
      all.emplace_back(each.time, each.kind, each.object, each.subject, each.cause);
    return all;
  };
  over_seeds(50, [&](const simulation_options& options) {
    const event_list first = traced(options);
    CHECK(first.size() > 20);
    CHECK(first == traced(options));
  });
}
