// A tree to look at: a crowd under one dynamic supervisor, and actors whose mailboxes never have what they had before.
//
//     crowd CHILDREN ACTORS     says where it can be watched, and runs until it is killed

#include <troupe/observe/observer.hpp>
#include <troupe/troupe.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t team_size = 100; // fewer than are folded
constexpr std::size_t capacity_of_each = 40;

struct number {};
using numbers = message<number>;

task<> waits() { co_await sleep_for(24h); }

task<> crowd(std::size_t children) {
  co_await supervise({.strategy = restart_strategy::dynamic}, [&](supervisor& top) -> task<> {
    for (std::size_t i = 0; i < children; ++i)
      co_await top.start({}, waits);
    co_await top.run();
  });
}

task<> sleep_a_little() { co_await sleep_for(10ms); }

task<> takes(inbox<numbers> in) {
  while (auto taken = co_await in.receive())
    co_await taken->match([](number&) { return sleep_a_little(); });
}

task<> team(std::size_t actors, unsigned seed) {
  co_await supervise({}, [&](supervisor& top) -> task<> {
    std::vector<actor_ref<numbers>> all;
    for (std::size_t i = 0; i < actors; ++i) {
      const std::string name = "taker-" + std::to_string(i);
      all.push_back(co_await top.start_actor({.name = name, .capacity = capacity_of_each}, takes));
    }
    std::mt19937 drawn{seed};
    for (;;) {
      for (const auto& each : all)
        for (auto more = drawn() % 10; more != 0; --more)
          static_cast<void>(each.try_tell<number>());
      co_await sleep_for(50ms);
    }
  });
}

task<> all(std::size_t children, std::size_t actors) {
  co_await supervise({}, [&](supervisor& top) -> task<> {
    if (children != 0)
      co_await top.start({.name = "crowd"}, crowd, children);
    for (std::size_t i = 0; i * team_size < actors; ++i) {
      const std::string name = "team-" + std::to_string(i);
      co_await top.start({.name = name}, team, std::min(team_size, actors - i * team_size), static_cast<unsigned>(i));
    }
    co_await top.run();
  });
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    return 2;
  observer live;
  runtime here{{.sink = &live.sink()}};
  const observation seen = live.attach({.tree = [&] { return here.snapshot(); }, .title = "crowd"});
  std::fprintf(stderr, "watch it at %s\n", live.url().c_str());
  static_cast<void>(here.run(all, std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10)));
  return 0;
}
