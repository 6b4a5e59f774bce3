// Children of supervisors: restart, children, children_in_order.

#include <troupe/bench/workloads.hpp>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>

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

task<> resident() { co_await sleep_until(instant::max()); }

/// Fails in its first run, once it is told to.
task<> told_to_fail(receiver<int> told) {
  const auto word = co_await told.receive(); // a name for it: g++ 12 does not take an await as a whole condition
  if (word)
    throw std::runtime_error("told to");
}

struct times {
  double start = 0, crash = 0, stop = 0;
  long bytes_per = 0;
};

task<> populate(supervisor& top, const settings& how, bool in_order, times& took) {
  const mailbox<int> told{capacity{1}};
  const sender<int> tell = told.sender();
  const long before_kib = status_kib("VmRSS");
  double began = now();
  std::optional<supervised> failing;
  for (std::int64_t i = 0; i < how.n; ++i) {
    const std::string name = in_order ? "c" + std::to_string(i) : std::string();
    if (i == how.n / 2)
      failing.emplace(
          co_await top.start({.name = name, .restart = restart_type::transient}, told_to_fail, told.receiver()));
    else
      co_await top.start({.name = name}, resident);
  }
  took.start = now() - began;
  took.bytes_per = (status_kib("VmRSS") - before_kib) * 1024 / static_cast<long>(how.n);
  began = now();
  co_await tell.send(1);
  while (failing->incarnation() != 2)
    co_await yield();
  took.crash = now() - began;
  took.stop = now();
}

measured children_of(runtime& on, const settings& how, restart_strategy strategy) {
  times took;
  double seconds = 0;
  const outcome<> ended = on.run([&]() -> task<> {
    const double began = now();
    const auto body = [&](supervisor& top) { return populate(top, how, strategy != restart_strategy::dynamic, took); };
    co_await supervise({.strategy = strategy, .children_max = static_cast<std::size_t>(how.n)}, body);
    took.stop = now() - took.stop;
    seconds = now() - began;
  });
  const double each = 1e9 / static_cast<double>(how.n);
  return {how.n, seconds, ended.has_value(),
          "start_ns=" + std::to_string(static_cast<long>(took.start * each)) +
              " crash_us=" + std::to_string(static_cast<long>(took.crash * 1e6)) + " stop_ns=" +
              std::to_string(static_cast<long>(took.stop * each)) + " bytes_per=" + std::to_string(took.bytes_per)};
}

} // namespace

measured children(runtime& on, const settings& how) { return children_of(on, how, restart_strategy::dynamic); }
measured children_in_order(runtime& on, const settings& how) {
  return children_of(on, how, restart_strategy::one_for_one);
}

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
