// The workloads: what is done, how it is checked, and what it took.

#pragma once

#include <troupe/troupe.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::bench {

/// What one run of a workload gives.
struct measured {
  std::int64_t items = 0; ///< Done; `n` rounded down to what the workload can divide.
  double seconds = 0;
  bool right = false; ///< Count and sum are what they must be.
  std::string more{}; ///< Further columns: "bytes_per=416".
};

/// The mailbox of the workload that runs, for who looks at it meanwhile.
class shown_mailbox {
public:
  /// @param counts  also works when the mailbox is not used any more
  void show(std::function<mailbox_statistics()> counts) {
    const std::lock_guard held{mutex_};
    counts_ = std::move(counts);
  }
  mailbox_statistics statistics() const {
    const std::lock_guard held{mutex_};
    return counts_ ? counts_() : mailbox_statistics{};
  }

private:
  mutable std::mutex mutex_;
  std::function<mailbox_statistics()> counts_;
};

/// What a workload needs to know.
struct settings {
  std::int64_t n = 0;
  std::size_t consumers = 8;      ///< Of pipeline and pipeline_work.
  std::size_t capacity = 100;     ///< Of every mailbox but ring's, where it is 1.
  std::int64_t work_ns = 1000;    ///< Spun for each item of pipeline_work, and between two yields in caf_beside_fibers.
  std::size_t clients = 1;        ///< Of observed.
  std::size_t pairs = 21;         ///< Of observed.
  shown_mailbox* shown = nullptr; ///< Where pipeline, pipeline_work and fanin show theirs; null: nowhere.
};

struct workload {
  std::string_view name;
  std::string_view what;
  measured (*run)(runtime& on, const settings& how);
};

/// All of them, in the order in which they are listed.
const std::vector<workload>& workloads();

measured pipeline(runtime& on, const settings& how);
measured pipeline_work(runtime& on, const settings& how);
measured fanin(runtime& on, const settings& how);
measured chain(runtime& on, const settings& how);
measured pingpong(runtime& on, const settings& how);
measured ask(runtime& on, const settings& how);
measured ring(runtime& on, const settings& how);
measured spawn(runtime& on, const settings& how);
measured idle(runtime& on, const settings& how);
measured restart(runtime& on, const settings& how);
measured children(runtime& on, const settings& how);
measured children_in_order(runtime& on, const settings& how);
measured taskgroup(runtime& on, const settings& how);
measured burn(runtime& on, const settings& how);
measured deadlines(runtime& on, const settings& how);
measured cancel(runtime& on, const settings& how);
measured caf_beside_fibers(runtime& on, const settings& how);
measured fibers_beside_caf(runtime& on, const settings& how);
measured exploration(runtime& on, const settings& how);
measured line(runtime& on, const settings& how);
measured echo(runtime& on, const settings& how);
measured lines(runtime& on, const settings& how);
measured observed(runtime& on, const settings& how);

/// Seconds on the steady clock.
double now();
/// Keeps the core for that long.
void spin(std::int64_t nanoseconds);
/// Runs `body` as the body of a task group in a root of its own.
///
/// @returns  seconds from the group's beginning to its end. Waking a worker for the root, and this thread afterwards,
///           is not in it: 90 us where both sleep.
template <class Body>
double seconds_of_group(runtime& on, Body body) {
  double seconds = 0;
  static_cast<void>(on.run([&]() -> task<> {
    const double began = now();
    co_await in_task_group([&](task_group& group) { return body(group); });
    seconds = now() - began;
  }));
  return seconds;
}
/// A line of /proc/self/status in KiB: "VmHWM" the peak, "VmRSS" now.
long status_kib(std::string_view key);
constexpr std::int64_t sum_below(std::int64_t n) { return n * (n - 1) / 2; }

} // namespace troupe::bench
