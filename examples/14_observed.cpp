// A live view of a tree: an observer, attached to a runtime. Open what url() gives in a browser while the tree runs.

#include <troupe/observe/observer.hpp>
#include <troupe/troupe.hpp>

#include <cstdio>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

task<> worker() { co_await sleep_for(100ms); }

task<> shop() {
  co_await in_task_group([](task_group& group) {
    group.start({.name = "till"}, worker);
    group.start({.name = "store"}, worker);
  });
}

} // namespace

int main() {
  observer live; // with {.port = 8080} at that port; before the runtime, so that it outlives it
  runtime here{{.sink = &live.sink()}};
  const observation seen = live.attach({.tree = [&] { return here.snapshot(); }, .title = "shop"});
  std::puts(live.url().starts_with("http://127.0.0.1:") ? "the shop can be watched" : "somewhere else");
  return exit_code_of(here.run(shop), here.signalled());
}

// Prints:
// the shop can be watched
