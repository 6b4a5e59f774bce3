// Many fibers: spawn, idle, taskgroup, burn.

#include <troupe/bench/workloads.hpp>

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace troupe::bench {

namespace {

using number = std::int64_t;

/// The children run on several threads.
struct shared_tally {
  std::atomic<number> count{0};
  std::atomic<number> sum{0};
};

task<> take_one(inbox<number> in, shared_tally& seen) {
  auto item = co_await in.receive();
  seen.sum.fetch_add(*item, std::memory_order_relaxed);
  seen.count.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

measured spawn(runtime& on, const settings& how) {
  // Children then run while their frames are in the cache, and before an idle core finds that they wait: moving one
  // costs more than running it.
  constexpr number between_yields = 8;
  shared_tally seen;
  const double seconds = seconds_of_group(on, [&](task_group& group) -> task<> {
    for (number i = 0; i < how.n; ++i) {
      mailbox<number> one{capacity{1}};
      group.start(take_one, one.inbox(), std::ref(seen));
      co_await one.sender().send(i);
      if (i % between_yields == between_yields - 1)
        co_await yield();
    }
  });
  return {how.n, seconds, seen.count == how.n && seen.sum == sum_below(how.n)};
}

namespace {

task<> wait_for_one(inbox<number> in, std::atomic<number>& up) {
  up.fetch_add(1, std::memory_order_relaxed);
  auto item = co_await in.receive();
}

} // namespace

measured idle(runtime& on, const settings& how) {
  std::atomic<number> up{0};
  measured result;
  const double began = now();
  static_cast<void>(on.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      std::vector<sender<number>> keep;
      keep.reserve(static_cast<std::size_t>(how.n));
      const long before = status_kib("VmRSS");
      for (number i = 0; i < how.n; ++i) {
        mailbox<number> one{capacity{how.capacity}};
        keep.push_back(one.sender());
        group.start(wait_for_one, one.inbox(), std::ref(up));
        if (i % 64 == 63)
          co_await yield();
      }
      while (up.load(std::memory_order_relaxed) < how.n)
        co_await yield();
      const double seconds = now() - began;
      const long bytes = (status_kib("VmRSS") - before) * 1024 / std::max<long>(1, how.n);
      result = {how.n, seconds, true, "bytes_per=" + std::to_string(bytes)};
    });
  }));
  return result;
}

namespace {

task<> wait_for_ever() { co_await sleep_until(instant::max()); }

task<> fail_when_told(inbox<number> in, double& failed) {
  auto told = co_await in.receive();
  failed = now();
  throw std::runtime_error("on purpose");
}

} // namespace

measured taskgroup(runtime& on, const settings& how) {
  constexpr int repetitions = 21;
  std::vector<double> took;
  bool right = true;
  static_cast<void>(on.run([&]() -> task<> {
    for (int r = 0; r < repetitions; ++r) {
      double failed = 0;
      const auto ended = co_await as_outcome(in_task_group([&](task_group& group) -> task<> {
        mailbox<number> order{capacity{1}};
        for (number i = 0; i < how.n; ++i) {
          if (i == how.n / 2)
            group.start(fail_when_told, order.inbox(), std::ref(failed));
          else
            group.start(wait_for_ever);
        }
        co_await sleep_for(std::chrono::milliseconds{1});
        co_await order.sender().send(0);
      }));
      took.push_back(now() - failed);
      right = right && ended.has_error();
    }
  }));
  std::nth_element(took.begin(), took.begin() + repetitions / 2, took.end());
  const double median = took[repetitions / 2];
  return {how.n, median, right, "us=" + std::to_string(static_cast<long>(median * 1e6 + 0.5))};
}

namespace {

task<> hold_the_core(double seconds, double& began) {
  began = now();
  while (now() < began + seconds)
    ;
  co_return;
}

} // namespace

// Eight CPU-bound fibers of 5 ms started together: how long until the second core works, and how much faster it is.
measured burn(runtime& on, const settings& how) {
  constexpr std::size_t fibers = 8;
  constexpr double each = 0.005;
  std::vector<double> second_core;
  double total = 0;
  for (number r = 0; r < how.n; ++r) {
    std::vector<double> at(fibers);
    static_cast<void>(on.run([&]() -> task<> {
      co_await sleep_for(std::chrono::milliseconds{20}); // the other core has gone to sleep
      const double began = now();
      co_await in_task_group([&](task_group& group) {
        for (double& start : at)
          group.start(hold_the_core, each, std::ref(start));
      });
      total += now() - began;
      for (double& start : at)
        start -= began;
    }));
    std::sort(at.begin(), at.end());
    second_core.push_back(at[1]);
  }
  std::sort(second_core.begin(), second_core.end());
  const auto microseconds = [](double seconds) { return std::to_string(static_cast<long>(seconds * 1e6)); };
  return {how.n * static_cast<number>(fibers), total, true,
          "second_core_us=" + microseconds(second_core[second_core.size() / 2]) +
              " worst_us=" + microseconds(second_core.back()) + " speedup=" +
              std::to_string(static_cast<double>(how.n) * static_cast<double>(fibers) * each / total).substr(0, 4)};
}

} // namespace troupe::bench
