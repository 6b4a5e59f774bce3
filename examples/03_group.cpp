// A task group: one child fails, its siblings are stopped, and all errors come back when every child has ended.

#include <troupe/troupe.hpp>

#include <cstdio>
#include <stdexcept>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct desk { // what a child holds is given back however it ends
  ~desk() { std::puts(this_fiber::stopping() ? "left by a stop" : "left"); }
};

task<> patient() {
  desk mine;
  co_await sleep_for(1h);
}

task<> hasty() {
  desk mine;
  co_await sleep_for(50ms);
  throw std::runtime_error{"the disk is full"};
}

task<> main_task() {
  try {
    co_await in_task_group([](task_group& group) {
      group.start(patient);
      group.start(patient);
      group.start({.name = "hasty"}, hasty);
    });
  } catch (const error_group& failed) { // after all three have ended
    for (const group_error& each : failed.errors())
      std::printf("%s: %s\n", each.whose().c_str(), message_of(each.error).c_str());
  }
}

} // namespace

int main() { return troupe::run(main_task); }

// Prints:
// left
// left by a stop
// left by a stop
// child 2 (hasty): the disk is full
