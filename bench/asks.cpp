// Typed asks with a deadline each: ask.

#include <troupe/bench/workloads.hpp>

namespace troupe::bench {

namespace {

using number = std::int64_t;

struct question {
  number value;
  reply<number> to;
};
using question_message = message<question>;

task<> answer(inbox<question_message> in) {
  while (auto next = co_await in.receive())
    co_await next->match([](question& asked) { asked.to(asked.value); });
}

} // namespace

measured ask(runtime& on, const settings& how) {
  number sum = 0;
  const double seconds = seconds_of_group(on, [&](task_group& group) -> task<> {
    const actor_ref<question_message> callee = group.start_actor({.capacity = how.capacity}, answer);
    for (number i = 0; i < how.n; ++i)
      sum += co_await fail_after(std::chrono::seconds{1}, callee.ask<question>(i));
  });
  return {how.n, seconds, sum == sum_below(how.n)};
}

} // namespace troupe::bench
