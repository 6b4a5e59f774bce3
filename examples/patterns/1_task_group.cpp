// A child that catches everything, in a group that has failed.

#include <troupe/troupe.hpp>

#include <cstdio>
#include <stdexcept>

using namespace troupe;
using namespace std::chrono_literals;

task<> polls() {
  for (int attempt : {1, 2, 3})
    try {
      co_await sleep_for(50ms); // asks the server
      std::puts("polled");
    } catch (...) { // whatever it is, try again
      std::printf("try %d: an error\n", attempt);
    }
}

task<> fails() {
  throw std::invalid_argument{"no such table"};
  co_return;
}

task<> main_task() {
  try {
    co_await in_task_group([](task_group& group) {
      group.start(polls);
      group.start(fails);
    });
  } catch (const error_group& errors) {
    for (const group_error& each : errors.errors())
      std::printf("failed: %s\n", message_of(each.error).c_str());
  }
}

int main() { return troupe::run(main_task); }

// Prints:
// failed: no such table
