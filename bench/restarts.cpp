// Children of supervisors: restart.

#include <troupe/bench/workloads.hpp>

#include <atomic>
#include <stdexcept>

namespace troupe::bench {

namespace {

struct poison {
  std::int64_t value;
};
using patient_message = message<poison>;

/// What all runs of the child have seen; it crashes on each message.
struct ward {
  std::int64_t runs = 0;
  std::int64_t sum = 0;
  std::atomic<std::int64_t> lost{0};
};

task<> patient(inbox<patient_message> in, ward& seen) {
  ++seen.runs;
  while (auto next = co_await in.receive())
    throw std::runtime_error("poisoned");
}

task<> cure(supervisor& top, const settings& how, ward& seen) {
  const auto lost = [&seen](patient_message&& dropped, drop_reason why) {
    dropped.visit([&](poison& kind) { seen.sum += kind.value; });
    seen.lost += why == drop_reason::crashed ? 1 : 0;
  };
  const auto ref = co_await top.start_actor({.name = "patient", .capacity = how.capacity}, on_undelivered{lost},
                                            patient, std::ref(seen));
  for (std::int64_t i = 0; i < how.n; ++i)
    co_await ref.tell<poison>(i);
  while (seen.lost != how.n)
    co_await yield();
}

} // namespace

measured restart(runtime& on, const settings& how) {
  ward seen;
  double seconds = 0;
  const outcome<> ended = on.run([&]() -> task<> {
    const double began = now();
    const auto body = [&](supervisor& top) { return cure(top, how, seen); };
    co_await supervise({.intensity = 1'000'000'000, .period = std::chrono::milliseconds{1}}, body);
    seconds = now() - began;
  });
  return {how.n, seconds,
          ended.has_value() && seen.lost == how.n && seen.runs >= how.n && seen.sum == sum_below(how.n)};
}

} // namespace troupe::bench
