// Blocking work on a thread of its own, beside fibers. A deadline asks it to end; what it has by then comes back.

#include <troupe/troupe.hpp>

#include <array>
#include <cstdio>
#include <fstream>
#include <optional>
#include <stop_token>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

std::size_t read_all(std::stop_token stop, const std::string& path) { // an ordinary function, which may block
  std::ifstream in{path, std::ios::binary};
  std::array<char, 65536> piece;
  std::size_t bytes = 0;
  while (!stop.stop_requested() && in.read(piece.data(), piece.size()))
    bytes += piece.size();
  return bytes + static_cast<std::size_t>(in.gcount());
}

task<> ticks() { // goes on meanwhile, also on a single worker
  for (;;)
    co_await sleep_for(1ms);
}

task<> main_task() {
  co_await in_task_group([](task_group& group) -> task<> {
    group.start(ticks);
    const std::string endless = "/dev/zero";
    const std::optional<std::size_t> bytes = co_await move_on_after(200ms, offload(read_all, endless));
    std::puts(bytes ? "told to end after 200 ms, it gave what it had by then" : "no thread was free within 200 ms");
    group.cancel();
  });
}

int main() { return troupe::run(main_task); }

// Prints:
// told to end after 200 ms, it gave what it had by then
