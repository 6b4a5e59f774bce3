// A tree to look at: a crowd under one dynamic supervisor, and actors whose mailboxes never have what they had before,
// each second one of which passes some of what it takes on to the one before.
//
//     crowd CHILDREN ACTORS     says where it can be watched, and runs until it is killed

#include <troupe/observe/observer.hpp>
#include <troupe/troupe.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
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

task<> takes(inbox<numbers> in, std::optional<actor_ref<numbers>> next) {
  std::size_t taken_before = 0;
  const auto pass_on = [&](number&) -> task<> {
    co_await sleep_a_little();
    if (next && taken_before++ % 4 == 0)
      static_cast<void>(next->try_tell<number>()); // which waits for nobody: the totals stay as they are
  };
  while (auto taken = co_await in.receive())
    co_await taken->match(pass_on);
}

/// What flows, for the observer's thread.
class all_flows {
public:
  void add(std::vector<std::string> from, std::string to, actor_ref<numbers> into) {
    const std::lock_guard held{mutex_};
    all_.push_back({std::move(from), std::move(to), std::move(into)});
  }
  std::vector<flow_seen> now() const {
    const std::lock_guard held{mutex_};
    std::vector<flow_seen> seen;
    for (const flow& each : all_)
      seen.push_back({"to " + each.to, each.from, {each.to}, each.into.statistics()});
    return seen;
  }

private:
  struct flow {
    std::vector<std::string> from;
    std::string to;
    actor_ref<numbers> into;
  };
  mutable std::mutex mutex_;
  std::vector<flow> all_;
};

task<> team(std::size_t actors, unsigned seed, std::string path, all_flows& flows) {
  co_await supervise({}, [&](supervisor& top) -> task<> {
    std::vector<actor_ref<numbers>> made;
    for (std::size_t i = 0; i < actors; ++i) {
      const std::string name = "taker-" + std::to_string(i);
      const bool passes_on = i % 2 != 0;
      const auto next = passes_on ? std::optional{made.back()} : std::nullopt;
      made.push_back(co_await top.start_actor({.name = name, .capacity = capacity_of_each}, takes, next));
      std::vector<std::string> from{path};
      if (!passes_on && i + 1 < actors)
        from.push_back(path + "/taker-" + std::to_string(i + 1));
      flows.add(std::move(from), path + '/' + name, made.back());
    }
    std::mt19937 drawn{seed};
    for (;;) {
      for (std::size_t i = 0; i < actors; ++i)
        for (auto more = drawn() % (i % 2 != 0 ? 10 : 8); more != 0; --more)
          static_cast<void>(made[i].try_tell<number>());
      co_await sleep_for(50ms);
    }
  });
}

task<> all(std::size_t children, std::size_t actors, all_flows& flows) {
  co_await supervise({}, [&](supervisor& top) -> task<> {
    if (children != 0)
      co_await top.start({.name = "crowd"}, crowd, children);
    for (std::size_t i = 0; i * team_size < actors; ++i) {
      const std::string name = "team-" + std::to_string(i);
      co_await top.start({.name = name}, team, std::min(team_size, actors - i * team_size), static_cast<unsigned>(i),
                         '/' + name, std::ref(flows));
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
  all_flows flows;
  const observation seen =
      live.attach({.tree = [&] { return here.snapshot(); }, .flows = [&] { return flows.now(); }, .title = "crowd"});
  std::fprintf(stderr, "watch it at %s\n", live.url().c_str());
  static_cast<void>(
      here.run(all, std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10), std::ref(flows)));
  return 0;
}
