// A task runs when it is awaited, an actor when it is started: in a group, which owns it.

#include <troupe/troupe.hpp>

#include <cstdio>
#include <string>

using namespace troupe;

namespace {

struct greet {
  std::string whom;
};

task<> greeter(inbox<message<greet>> in) {     // an actor is a coroutine with an inbox
  while (auto message = co_await in.receive()) // false once nobody has its address any more
    co_await message->match([](greet& g) { std::printf("hello, %s\n", g.whom.c_str()); });
}

task<> main_task() {
  co_await in_task_group([](task_group& group) -> task<> {
    const actor_ref someone = group.start_actor({.name = "greeter"}, greeter);
    co_await someone.tell<greet>("world");
    co_await someone.tell<greet>("troupe");
  }); // the greeter has handled both, and has ended
  std::puts("nobody is left");
}

} // namespace

int main() { return troupe::run(main_task); } // Ctrl-C cancels the whole tree

// Prints:
// hello, world
// hello, troupe
// nobody is left
