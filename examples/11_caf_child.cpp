// A plain CAF actor as a child: started anew when it throws, with what it has thrown as the reason, and asked by fibers.

#include <troupe/runtime/caf_child.hpp>
#include <troupe/troupe.hpp>

#include <cstdio>
#include <stdexcept>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

caf::behavior divider(caf::event_based_actor*, int dividend) { // each run spawns another one, for 84
  return {[dividend](int by) {
    if (by == 0)
      throw std::domain_error("division by zero");
    return dividend / by;
  }};
}

task<> main_task(caf::actor_system& system) {
  co_await supervise({.intensity = 1, .period = 5s}, [&](supervisor& top) -> task<> {
    const auto divides = co_await start_caf_child(top, {.name = "divider", .shutdown = 1s}, system, divider, 84);
    const caf::actor first = divides.handle();
    std::printf("%d\n", co_await divides.ask<int>(2)); // an ask has a deadline: 5 s where none is around it

    const outcome<int> failed = co_await as_outcome(fail_after(1s, divides.ask<int>(0)));
    std::puts(message_of(failed.error()).c_str()); // its answer, as CAF has it; its supervisor has the exception
    while (divides.child().incarnation() != 2 || divides.child().state() != child_status::running)
      co_await sleep_for(1ms);
    const char* const whose = divides.handle() != first ? "another" : "the same";
    std::printf("%d, by %s actor\n", co_await divides.ask<int>(4), whose);

    static_cast<void>(divides.tell(0)); // one restart too many
    co_await top.run();
  }); // it has ended here
}

task<> told(caf::actor_system& system) {
  const outcome<> ended = co_await as_outcome(main_task(system));
  if (ended.has_error())
    std::puts(message_of(ended.error()).c_str());
}

} // namespace

int main() {
  runtime here;
  return exit_code_of(here.run(told, std::ref(here.actor_system())), here.signalled());
}

// Prints:
// 42
// the CAF actor has answered with an error: system_error(runtime_error, ("division by zero"))
// 21, by another actor
// the supervisor / gives up: /divider has ended (failed: division by zero), and that is one restart too many: its intensity is 1 within 5 s
