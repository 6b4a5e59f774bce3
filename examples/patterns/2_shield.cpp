// A commit that was begun, and a limit that passes in its middle.

#include <troupe/troupe.hpp>

#include <cstdio>

using namespace troupe;
using namespace std::chrono_literals;

struct lock {
  ~lock() { std::puts("unlocked"); }
};

task<int> commit() {
  lock held;
  for (const char* step : {"write", "sync", "publish"}) {
    co_await sleep_for(100ms);
    std::puts(step);
  }
  co_return 42;
}

task<> order() {
  int receipt = co_await shield(5s, commit());
  std::printf("receipt %d\n", receipt);
  co_await sleep_for(1h); // a wait: here the stop is taken
}

task<> main_task() {
  bool in_time = co_await move_on_after(150ms, order());
  if (!in_time)
    std::puts("late");
}

int main() { return troupe::run(main_task); }

// Prints:
// write
// sync
// publish
// unlocked
// receipt 42
// late
