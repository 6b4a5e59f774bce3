// Steps that are undone, last in first out, unless the block returns a value: whether it throws, is cancelled or is
// late.

#include <troupe/troupe.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

class reservation {
public:
  explicit reservation(std::string what) : what_(std::move(what)) { std::printf("reserved %s\n", what_.c_str()); }

  task<> release() { // awaited where it is undone, shielded from every cancel
    co_await sleep_for(1ms);
    std::printf("gave back %s\n", what_.c_str());
  }

private:
  std::string what_;
};

task<reservation> reserve(std::string what) {
  co_await sleep_for(1ms);
  co_return reservation{std::move(what)};
}

task<int> book(bool flights_left) {
  co_return co_await in_exit_stack([&](exit_stack& stack) -> task<int> {
    stack.push([] { std::puts("said goodbye"); });      // runs whatever happens
    co_await stack.enter_on_failure(reserve("a room")); // undone unless we return a value
    co_await stack.enter_on_failure(reserve("a car"));
    if (!flights_left)
      throw std::runtime_error{"no flights left"};
    co_return 3;
  });
}

task<> main_task() {
  const int booked = co_await book(true);
  std::printf("booked %d things\n\n", booked);
  const outcome<int> failed = co_await as_outcome(book(false));
  std::printf("%s\n", message_of(failed.error()).c_str());
}

} // namespace

int main() { return troupe::run(main_task); }

// Prints:
// reserved a room
// reserved a car
// said goodbye
// booked 3 things
//
// reserved a room
// reserved a car
// gave back a car
// gave back a room
// said goodbye
// no flights left
