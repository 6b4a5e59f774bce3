// A supervisor: a child that fails is started anew in its place, and all are stopped in order at the end of the block.

#include <troupe/troupe.hpp>

#include <cstdio>
#include <stdexcept>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct add {
  int amount;
};
struct total {
  reply<int> to;
};
using counter_message = message<add, total>;

task<> counter(inbox<counter_message> in, int sum) { // each run begins with a fresh copy of the 0 below
  while (auto message = co_await in.receive())
    co_await message->match(
        [&](add& m) {
          if (m.amount < 0)
            throw std::invalid_argument("a negative amount");
          sum += m.amount;
        },
        [&](total& m) { m.to(sum); });
}

task<> main_task() {
  co_await supervise({.intensity = 3, .period = 5s}, [](supervisor& top) -> task<> {
    auto mine = co_await top.start_actor({.name = "counter", .capacity = 100, .shutdown = 1s}, counter, 0);
    co_await mine.tell<add>(20);
    co_await mine.tell<add>(-1); // its run ends here; the address and what is queued stay
    co_await mine.tell<add>(22);
    co_await sleep_for(50ms);
    std::printf("%d, in run %d\n", co_await mine.ask<total>(), static_cast<int>(top.find("counter")->incarnation()));
    for (int i = 0; i < 3; ++i)
      co_await mine.tell<add>(-1); // one restart too many
    co_await top.run();
  }); // all children have ended here
}

task<> told() {
  const outcome<> ended = co_await as_outcome(main_task());
  if (ended.has_error())
    std::puts(message_of(ended.error()).c_str());
}

} // namespace

int main() { return troupe::run(told); }

// Prints:
// 22, in run 2
// the supervisor / gives up: /counter has ended (failed: a negative amount), and that is one restart too many: its intensity is 3 within 5 s
