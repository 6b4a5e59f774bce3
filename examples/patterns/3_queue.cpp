// A producer, a mailbox of 100 and eight consumers, one of which fails.

#include <troupe/troupe.hpp>

#include <cstdio>
#include <stdexcept>

using namespace troupe;

task<> produce(sender<int> out) {
  for (int item = 0; item < 1000; ++item)
    co_await out.send(item); // waits while it is full
}

task<> consume(receiver<int> in) {
  while (auto item = co_await in.receive())
    if (*item == 500)
      throw std::invalid_argument{"item 500 is bad"};
}

task<> consumer(receiver<int> in) {
  auto ended = co_await as_outcome(consume(std::move(in)));
  if (ended.has_error())
    std::printf("told at once: %s\n", message_of(ended.error()).c_str());
}

task<> main_task() {
  mailbox<int> queue{capacity{100}};
  co_await in_task_group([&](task_group& group) -> task<> {
    for (int i = 0; i < 8; ++i)
      group.start(consumer, queue.receiver());
    co_await produce(queue.sender());
    co_await queue.join(); // each item is settled
  });
  mailbox_statistics seen = queue.statistics();
  std::printf("handled %d, crashed %d\n", static_cast<int>(seen.handled),
              static_cast<int>(seen.dropped_by(drop_reason::crashed)));
}

int main() { return troupe::run(main_task); }

// Prints:
// told at once: item 500 is bad
// handled 999, crashed 1
