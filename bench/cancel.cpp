// What a cancel costs: waits deep in nested tasks.

#include <troupe/bench/workloads.hpp>

#include <algorithm>
#include <atomic>

namespace troupe::bench {

namespace {

using number = std::int64_t;

constexpr number waiting_at_once = 100;

/// What one fiber has to show. Its own, so that nothing is shared between cores for the sake of the check.
struct witness {
  int frames_gone = 0;
  bool returned = false;
  bool thrown = false;
};

class counts_its_end {
public:
  explicit counts_its_end(witness& seen) noexcept : seen_(seen) {}
  counts_its_end(const counts_its_end&) = delete;
  counts_its_end& operator=(const counts_its_end&) = delete;
  ~counts_its_end() { ++seen_.frames_gone; }

private:
  witness& seen_;
};

/// As many frames, the innermost of which waits for ever.
template <int Frames>
task<> nested(witness& seen, std::atomic<number>& up) {
  const counts_its_end counted{seen};
  try {
    if constexpr (Frames > 1) {
      co_await nested<Frames - 1>(seen, up);
    } else {
      up.fetch_add(1, std::memory_order_relaxed); // relaxed: only counted
      co_await sleep_until(instant::max());
    }
    seen.returned = true;
  } catch (...) {
    seen.thrown = true;
  }
}

enum class cancelled {
  together, ///< By their group, in one call.
  in_turn,  ///< Each by its handle, and run to its end before the next.
};

struct cancels {
  bool right = true;
  std::vector<double> took; // seconds for `waiting_at_once` of them
};

template <int Frames>
cancels cancel_all(runtime& on, number rounds, cancelled how) {
  cancels all;
  static_cast<void>(on.run([&]() -> task<> {
    for (number r = 0; r <= rounds; ++r) {
      std::vector<witness> seen(waiting_at_once);
      std::atomic<number> up{0};
      double began = 0;
      co_await in_task_group([&](task_group& group) -> task<> {
        std::vector<child<>> handles;
        number started = 0;
        for (witness& one : seen) {
          child<> handle = group.start(nested<Frames>, std::ref(one), std::ref(up));
          if (how == cancelled::in_turn)
            handles.push_back(std::move(handle));
          if (++started % 8 == 0)
            co_await yield();
        }
        while (up.load(std::memory_order_relaxed) < waiting_at_once)
          co_await yield();
        began = now();
        if (how == cancelled::together)
          group.cancel();
        for (const child<>& one : handles) {
          one.cancel();
          co_await yield();
        }
      });
      if (r > 0) // the first round finds its memory cold
        all.took.push_back(now() - began);
      all.right = all.right && std::all_of(seen.begin(), seen.end(), [](const witness& one) {
                    return one.frames_gone == Frames && !one.returned && !one.thrown;
                  });
    }
  }));
  all.right = all.right && all.took.size() == static_cast<std::size_t>(rounds);
  std::sort(all.took.begin(), all.took.end());
  return all;
}

std::string nanoseconds_each(const cancels& of) {
  const double median = of.took[of.took.size() / 2];
  return std::to_string(static_cast<long>(median * 1e9 / static_cast<double>(waiting_at_once) + 0.5));
}

} // namespace

// The clock runs from the call of cancel() until the group has been joined: the cancel's way through the tree, for each
// fiber its wake-up, the walk through its frames and its end. Neither the fibers' starts nor their waits are in it.
measured cancel(runtime& on, const settings& how) {
  const number rounds = std::max<number>(1, how.n / waiting_at_once);
  const cancels one = cancel_all<1>(on, rounds, cancelled::together);
  const cancels in_turn = cancel_all<5>(on, rounds, cancelled::in_turn);
  const cancels five = cancel_all<5>(on, rounds, cancelled::together);
  double seconds = 0;
  for (const double each : five.took)
    seconds += each;
  return {rounds * waiting_at_once, seconds, one.right && in_turn.right && five.right,
          "ns_per=" + nanoseconds_each(five) + " one_frame_ns=" + nanoseconds_each(one) +
              " in_turn_ns=" + nanoseconds_each(in_turn)};
}

} // namespace troupe::bench
