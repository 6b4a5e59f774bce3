// How many schedules of a small tree the testing kit runs in a second.

#include <troupe/bench/workloads.hpp>

#include <troupe/testing/explore.hpp>

namespace troupe::bench {

namespace {

struct add {
  int what;
};
struct total {
  reply<int> to;
};
using counter_message = message<add, total>;

task<> counter(inbox<counter_message> in) {
  int sum = 0;
  while (auto next = co_await in.receive())
    co_await next->match([&](add& told) { sum += told.what; }, [&](total& asked) { asked.to(sum); });
}

task<> client(actor_ref<counter_message> one, actor_ref<counter_message> other) {
  for (int i = 0; i < 3; ++i)
    co_await one.tell<add>(i);
  co_await other.tell<add>(1);
  static_cast<void>(co_await as_outcome(one.ask<total>())); // its time may be up: time passes at any moment
}

/// A supervisor with three actors, and two clients of them.
task<> five_actors() {
  co_await supervise({.intensity = 10}, [](supervisor& top) -> task<> {
    const auto a = co_await top.start_actor({.name = "a", .capacity = 2}, counter);
    const auto b = co_await top.start_actor({.name = "b", .capacity = 2}, counter);
    const auto c = co_await top.start_actor({.name = "c", .capacity = 2}, counter);
    co_await in_task_group([&](task_group& group) {
      group.start(client, a, b);
      group.start(client, b, c);
    });
  });
}

} // namespace

measured exploration(runtime&, const settings& how) {
  measured result;
  const double began = now();
  const troupe::exploration done = explore({.schedules = static_cast<std::size_t>(how.n)}, five_actors);
  result.seconds = now() - began;
  result.items = static_cast<std::int64_t>(done.schedules);
  result.right = result.items == how.n;
  result.more = "steps=" + std::to_string(done.steps_total / done.schedules);
  return result;
}

} // namespace troupe::bench
