#include <troupe/runtime/run_delay.hpp>
#include <troupe/runtime/watchdog.hpp>
#include <troupe/scope/signals_masked.hpp>

#include <vector>

namespace troupe::detail {

watchdog::watchdog(carrier_pool& watched, duration limit, owner& told)
    : watched_(watched), told_(told), slices_(limit, watched.carriers()) {
  const signals_masked inherited;
  thread_ = std::thread{[this] { run(); }};
}

watchdog::~watchdog() {
  {
    const std::lock_guard held{mutex_};
    stopping_.store(true);
  }
  over_.notify_one();
  watched_.end_wait_busy();
  thread_.join();
}

void watchdog::run() {
  std::vector<carrier_sample> samples(watched_.carriers());
  std::vector<std::optional<duration>> waited(samples.size());
  while (!stopping_.load()) {
    for (std::size_t index = 0; index < samples.size(); ++index) {
      samples[index] = watched_.sample(index);
      if (samples[index].running == nullptr)
        continue;
      watched_.note_time(index);
      waited[index] =
          run_delay(watched_.thread_of(index)); // of the sample's run, or a later one, which the next look sees
    }
    const instant now = watched_.time().now();
    for (const slow_slice& slow : slices_.look(now, samples, waited))
      examine(slow);
    if (slices_.quiet(now))
      watched_.wait_busy(stopping_);
    std::unique_lock held{mutex_};
    over_.wait_for(held, slices_.look_every(), [this] { return stopping_.load(); });
  }
}

void watchdog::examine(const slow_slice& slow) {
  const std::optional<fiber_name> name = told_.find(slow.seen.running);
  // Else the fiber has left its thread meanwhile, and perhaps another was found, which has its place in memory now.
  if (watched_.sample(slow.carrier) == slow.seen)
    told_.tell(name, slices_.take_omitted());
}

} // namespace troupe::detail
