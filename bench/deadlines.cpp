// Deadlines, with many others pending: what one takes of memory, how late it passes, and how long many at once take.

#include <troupe/bench/workloads.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>

namespace troupe::bench {

namespace {

using number = std::int64_t;
using namespace std::chrono_literals;

/// A deadline far away, as a time source holds it.
struct pending final : timer {
  explicit pending(instant when) noexcept : timer(when, [](timer&, detail::wakeups&) noexcept {}) {}
};

task<> wait_for_ever() { co_await sleep_until(instant::max()); }

double seconds_between(instant from, instant to) { return std::chrono::duration<double>(to - from).count(); }

/// How late single limits pass, in seconds, each from 1 to 3 ms ahead.
task<> expire_one_by_one(number count, std::vector<double>& late) {
  time_source& clock = this_fiber::pointer()->runs_on().time();
  for (number i = 0; i < count; ++i) {
    const instant at = clock.now() + 1ms + std::chrono::microseconds{i * 7919 % 2000};
    static_cast<void>(co_await move_on_at(at, wait_for_ever()));
    late.push_back(seconds_between(at, clock.now()));
  }
}

struct fall {
  std::atomic<number> up{0};
  std::atomic<number> early{0};
  std::atomic<instant::rep> last{0}; // when the last of them heard of it
};

task<> limited(instant at, fall& of) {
  of.up.fetch_add(1, std::memory_order_relaxed); // relaxed: only counted
  const bool ended = co_await move_on_at(at, wait_for_ever());
  const instant heard = this_fiber::pointer()->runs_on().time().now();
  if (ended || heard < at)
    of.early.fetch_add(1, std::memory_order_relaxed);
  const instant::rep when = heard.time_since_epoch().count();
  for (instant::rep last = of.last; last < when && !of.last.compare_exchange_weak(last, when);)
    continue;
}

/// Lets so many limits pass at one instant. Seconds from it until the last one's fiber goes on.
task<> expire_together(number count, double& took, bool& right) {
  time_source& clock = this_fiber::pointer()->runs_on().time();
  fall seen;
  // Far enough ahead for all to wait by then, or it counts as wrong.
  const instant at = clock.now() + std::chrono::microseconds{count * 10} + 100ms;
  co_await in_task_group([&](task_group& group) -> task<> {
    for (number i = 0; i < count; ++i) {
      group.start(limited, at, std::ref(seen));
      if (i % 64 == 63)
        co_await yield();
    }
    while (seen.up.load(std::memory_order_relaxed) < count && clock.now() < at)
      co_await sleep_for(1ms);
    right = right && clock.now() < at;
  });
  took = seconds_between(at, instant{duration{seen.last}});
  right = right && seen.early == 0;
}

} // namespace

measured deadlines(runtime& on, const settings& how) {
  time_source& clock = on.fibers().time();
  const double began = now();
  const long before = status_kib("VmRSS");
  const auto many = std::allocator<pending>{}.allocate(static_cast<std::size_t>(how.n));
  const instant far = clock.now() + 1h;
  for (number i = 0; i < how.n; ++i)
    clock.add(*std::construct_at(many + i, far + std::chrono::nanoseconds{i * 7919 % how.n}));
  const long bytes = (status_kib("VmRSS") - before) * 1024 / std::max<long>(1, how.n);

  std::vector<double> late;
  double together = 0;
  bool right = true;
  const number at_once = std::max<number>(1, how.n / 10);
  const outcome<> ended = on.run([&]() -> task<> {
    co_await expire_one_by_one(std::min<number>(how.n, 1'000), late);
    co_await expire_together(at_once, together, right);
  });

  for (number i = 0; i < how.n; ++i) {
    clock.remove(many[i]);
    std::destroy_at(many + i);
  }
  std::allocator<pending>{}.deallocate(many, static_cast<std::size_t>(how.n));
  const auto p99 = late.begin() + static_cast<std::ptrdiff_t>(late.size() * 99 / 100);
  std::nth_element(late.begin(), p99, late.end());
  return {how.n, now() - began, right && ended.has_value(),
          "bytes_per=" + std::to_string(bytes) + " late_p99_us=" + std::to_string(static_cast<long>(*p99 * 1e6)) +
              " together=" + std::to_string(at_once) +
              " together_ms=" + std::to_string(static_cast<long>(together * 1e3))};
}

} // namespace troupe::bench
