// The pipeline of the front page, as a user's program: one producer, a bounded mailbox, eight consumers.

#include <troupe/troupe.hpp>

#include <atomic>
#include <cstdio>

using namespace troupe;

namespace {

std::atomic<long> sum{0};

task<> produce(sender<int> out) {
  for (int i = 1; i <= 10'000; ++i)
    co_await out.send(i);
}

task<> consume(receiver<int> in) {
  while (auto item = co_await in.receive())
    sum += *item;
}

task<> pipeline() {
  mailbox<int> queue{capacity{100}};
  co_await in_task_group([&](task_group& group) {
    group.start(produce, queue.sender());
    for (int i = 0; i < 8; ++i)
      group.start(consume, queue.receiver());
  });
}

} // namespace

int main() {
  if (const int code = troupe::run(pipeline); code != 0)
    return code;
  std::printf("sum %ld\n", sum.load());
  return sum == 50'005'000 ? 0 : 1;
}
