#include <troupe/mailbox/mailbox.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

struct ways_to_end {
  std::atomic<std::uint64_t> closed_to_sender{0};
  std::atomic<std::uint64_t> closed_to_receiver{0};
};

task<> send_for_ever(sender<int> out, ways_to_end& ends) {
  for (;;) {
    const send_status sent = co_await out.send(1);
    if (sent == send_status::closed)
      break;
  }
  ++ends.closed_to_sender;
}

task<> receive_for_ever(receiver<int> in, ways_to_end& ends) {
  for (;;) {
    auto item = co_await in.receive();
    if (!item)
      break;
  }
  ++ends.closed_to_receiver;
}

task<> fail_after(receiver<int> in, int items) {
  for (int i = 0; i < items; ++i) {
    auto item = co_await in.receive();
  }
  throw std::runtime_error("on purpose");
}

task<> group_that_fails(int items, ways_to_end& ends) {
  mailbox<int> queue{capacity{4}};
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start(send_for_ever, queue.sender(), std::ref(ends));
    group.start(receive_for_ever, queue.receiver(), std::ref(ends));
    group.start(receive_for_ever, queue.receiver(), std::ref(ends));
    group.start(fail_after, queue.receiver(), items);
    co_return;
  });
}

} // namespace

TEST_CASE("fibers that a failure stops never see the mailbox closed by their stopped siblings on threads",
          "[mailbox][stress][B1]") {
  const auto until = std::chrono::steady_clock::now() + stress_time(1s);
  ways_to_end ends;
  std::size_t threads = 2;
  do {
    thread_pool_executor pool{threads};
    for (int items = 0; items < 100; ++items) {
      auto top = make_root(pool, group_that_fails, items, std::ref(ends));
      top->start();
      top->wait();
      REQUIRE(top->take().has_error());
    }
    threads = threads == 4 ? 2 : threads + 1;
  } while (std::chrono::steady_clock::now() < until);
  CHECK(ends.closed_to_sender == 0);
  CHECK(ends.closed_to_receiver == 0);
}
