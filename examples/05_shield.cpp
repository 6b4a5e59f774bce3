// A commit phase that no cancel tears: it is carried through, its result is delivered, and then the stop is taken.

#include <troupe/troupe.hpp>

#include <cstdio>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

task<int> commit() {
  for (const char* step : {"write", "sync", "publish"}) {
    co_await sleep_for(30ms);
    std::printf("%s\n", step);
  }
  co_return 42;
}

task<> order() {
  int receipt = co_await shield(1s, commit()); // a cancel waits outside, for a second at most
  std::printf("receipt %d\n", receipt);        // and is taken at the next wait
  co_await sleep_for(1h);
  std::puts("never printed");
}

task<> main_task() {
  if (bool in_time = co_await move_on_after(50ms, order()); !in_time)
    std::puts("stopped, with nothing torn");

  const outcome<int> late = co_await as_outcome(shield(1ms, commit()));
  try {
    std::rethrow_exception(late.error());
  } catch (const in_doubt& unknown) { // what it was to do may be done, undone or half done
    std::printf("%s\n", unknown.what());
  }
}

} // namespace

int main() { return troupe::run(main_task); }

// Prints:
// write
// sync
// publish
// receipt 42
// stopped, with nothing torn
// in doubt: the limit of a shield passed before the phase in it had ended
