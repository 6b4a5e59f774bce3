// A room that is booked while the answer is on its way, and a limit that passes there.

#include <troupe/troupe.hpp>

#include <cstdio>

using namespace troupe;
using namespace std::chrono_literals;

int booked = 0;

struct room {
  task<> release() {
    co_await sleep_for(10ms);
    --booked;
  }
};

task<room> book() {
  ++booked;                  // the hotel has it in its books
  co_await sleep_for(100ms); // the answer is on its way
  co_return room{};
}

task<> travel() {
  co_await in_exit_stack([](exit_stack& stack) -> task<> {
    co_await stack.enter(book()); // booking and registering are one step
    co_await sleep_for(1h);
  });
}

task<> main_task() {
  bool in_time = co_await move_on_after(50ms, travel());
  if (!in_time)
    std::printf("late, rooms booked: %d\n", booked);
}

int main() { return troupe::run(main_task); }

// Prints:
// late, rooms booked: 0
