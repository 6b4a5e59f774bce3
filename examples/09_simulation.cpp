// The same coroutines in the simulator: every order is drawn from a seed, and a cancel comes at every step.

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>

#include <cstdio>

using namespace troupe;

struct slot { // counts what is held, to see that nothing leaks
  explicit slot(int& count) : held(count) { ++held; }
  ~slot() { --held; }
  int& held;
};

task<> worker(receiver<int> in, int& held) {
  slot mine{held};
  while (auto item = co_await in.receive())
    co_await checkpoint();
}

task<> service(int& held) {
  mailbox<int> jobs{capacity{1}};
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start(worker, jobs.receiver(), std::ref(held));
    group.start(worker, jobs.receiver(), std::ref(held));
    sender<int> out = jobs.sender();
    for (int i = 0; i < 10; ++i)
      co_await out.send(i);
  });
}

int main() {
  std::uint64_t step = 0;
  for (;; ++step) { // a cancel before step 0, 1, 2, … until a run ends before it gets there
    int held = 0;
    simulator sim{{.seed = step, .cancel_at_step = step}};
    outcome<> ended = sim.run(service, std::ref(held));
    if (held != 0 || ended.has_error())
      return 1;
    if (sim.steps() < step)
      break;
  }
  std::puts(step > 20 ? "cancelled at every step, and nothing was left behind" : "too few steps");
}

// Prints:
// cancelled at every step, and nothing was left behind
