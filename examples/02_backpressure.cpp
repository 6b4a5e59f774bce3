// A bounded mailbox between one producer and eight consumers: the producer waits while it is full.

#include <troupe/troupe.hpp>

#include <atomic>
#include <cstdio>

using namespace troupe;

task<> produce(sender<int> out) { // the last sender gone closes the mailbox
  for (int i = 1; i <= 10'000; ++i)
    co_await out.send(i); // suspends while the mailbox is full
}

task<> consume(receiver<int> in, std::atomic<long>& sum) {
  while (auto item = co_await in.receive()) // false once closed and drained
    sum += *item;                           // the item is settled when `item` goes
}

task<> pipeline() {
  mailbox<int> queue{capacity{100}};
  std::atomic<long> sum = 0;
  co_await in_task_group([&](task_group& group) {
    group.start(produce, queue.sender()); // function and arguments are copied into the child
    for (int i = 0; i < 8; ++i)
      group.start(consume, queue.receiver(), std::ref(sum));
  }); // all have ended here; throws error_group if one failed
  std::printf("sum of 1 to 10000: %ld\n", sum.load());
  std::puts(queue.statistics().depth_max <= 100 ? "never more than 100 waited" : "the bound does not hold");
}

int main() { return troupe::run(pipeline); } // Ctrl-C cancels the whole tree

// Prints:
// sum of 1 to 10000: 50005000
// never more than 100 waited
