// What the machine itself takes: a cache line from core to core.

#include <troupe/bench/workloads.hpp>

#include <atomic>
#include <pthread.h>
#include <sched.h>
#include <thread>

namespace troupe::bench {

namespace {

using number = std::int64_t;

/// The n-th CPU that this process may use; -1: it has fewer.
int usable_cpu(int n) {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof usable, &usable) != 0)
    return -1;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &usable) && n-- == 0)
      return cpu;
  return -1;
}

bool pin(std::thread& pinned, int cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<std::size_t>(cpu), &only);
  return pthread_setaffinity_np(pinned.native_handle(), sizeof only, &only) == 0;
}

struct alignas(64) ball {
  std::atomic<number> turn{-1};
};

/// Answers each turn that is its own with the next one. False when it sees a turn that cannot be.
bool play(ball& shared, number first, number turns) {
  constexpr int patience = 100'000; // then the other one has no core: it gets this one
  for (number mine = first; mine < turns; mine += 2) {
    number seen = shared.turn.load(std::memory_order_acquire); // acquire: pairs with the release below
    for (int looks = 0; seen < mine; seen = shared.turn.load(std::memory_order_acquire))
      if (++looks % patience == 0)
        std::this_thread::yield();
    if (seen != mine)
      return false;
    shared.turn.store(mine + 1, std::memory_order_release); // pairs with the acquire of the other one
  }
  return true;
}

} // namespace

measured line(runtime&, const settings& how) {
  ball shared;
  bool right_first = false;
  bool right_second = false;
  const number turns = 2 * how.n;
  std::thread first{[&] { right_first = play(shared, 0, turns); }};
  std::thread second{[&] { right_second = play(shared, 1, turns); }};
  const int other = usable_cpu(1);
  const bool pinned = other >= 0 && pin(first, usable_cpu(0)) && pin(second, other);
  const double began = now();
  shared.turn.store(0, std::memory_order_release); // both wait for it; pairs with the acquire in play()
  first.join();
  second.join();
  const double seconds = now() - began;
  const auto nanoseconds = static_cast<long>(seconds * 1e9 / static_cast<double>(turns) + 0.5);
  return {how.n, seconds, right_first && right_second && shared.turn.load() == turns,
          "one_way_ns=" + std::to_string(nanoseconds) + (pinned ? "" : " (not pinned)")};
}

} // namespace troupe::bench
