// A deadline around work that does not know of it, and cleanup that runs all the same.

#include <troupe/troupe.hpp>

#include <cstdio>

using namespace troupe;
using namespace std::chrono_literals;

struct connection {
  connection() { std::puts("connected"); }
  ~connection() { std::puts(this_fiber::stopping() ? "closed by a stop" : "closed"); }
};

task<int> fetch(std::chrono::milliseconds takes) {
  connection open;
  try {
    co_await sleep_for(takes);
  } catch (...) {
    std::puts("never printed: a stop is no exception, so nothing can swallow it");
  }
  co_return 42;
}

task<> main_task() {
  std::optional<int> slow = co_await move_on_after(10ms, fetch(1h)); // empty: the limit came first
  std::optional<int> fast = co_await move_on_after(1h, fetch(1ms));
  std::printf("slow: %s, fast: %d\n", slow ? "a value" : "nothing", *fast);
}

int main() { return troupe::run(main_task); }

// Prints:
// connected
// closed by a stop
// connected
// closed
// slow: nothing, fast: 42
