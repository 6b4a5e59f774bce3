#include <troupe/supervision/supervisor.hpp>

#include "nemesis.hpp"

#include <tests/catch.hpp>

#include <troupe/scope/root.hpp>
#include <troupe/scope/snapshot.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <thread>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Ends the program where one run takes longer than it may: what hangs could be ended by nothing else.
class time_limit {
public:
  explicit time_limit(std::chrono::seconds each) : each_(each), thread_([this] { watch(); }) {}
  ~time_limit() {
    next(over);
    thread_.join();
  }
  void next(std::uint64_t seed) {
    const std::lock_guard held{mutex_};
    seed_ = seed;
    changed_.notify_one();
  }

private:
  static constexpr std::uint64_t over = ~std::uint64_t{0};

  void watch() {
    std::unique_lock held{mutex_};
    while (seed_ != over)
      if (const std::uint64_t watched = seed_; !changed_.wait_for(held, each_, [&] { return seed_ != watched; })) {
        std::fprintf(stderr, "the tree of seed %llu has not come to rest\n", static_cast<unsigned long long>(watched));
        std::abort();
      }
  }

  const std::chrono::seconds each_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t seed_ = 0;
  std::thread thread_; // uses all of the above
};

std::ptrdiff_t open_files() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator{});
}

} // namespace

TEST_CASE("random trees come to rest under any harm on threads, and leave nothing behind",
          "[supervision][A9][A10][stress]") {
  time_limit ten_seconds{10s};
  std::size_t handled = 0;
  const std::ptrdiff_t files = open_files();
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) { // whatever the budget: it is a second or two
    ten_seconds.next(seed);
    nemesis tree{seed};
    {
      thread_pool_executor pool{2}; // its clock asserts at its end that no timer is left
      const outcome<> ended = pool.run([&]() -> task<> { static_cast<void>(co_await move_on_after(2ms, tree.run())); });
      CHECK_FALSE(ended.has_error());
      pool.wait_for_abandoned_fibers();
    }
    REQUIRE(tree.problems() == "");
    handled += tree.handled();
  }
  CHECK(open_files() == files);
  CHECK(handled > 1'000);
}

TEST_CASE("snapshots are whole while random trees start, crash, restart, stop and are abandoned on threads",
          "[supervision][G2][stress]") {
  time_limit ten_seconds{10s};
  std::size_t looks = 0;
  std::size_t children = 0;
  std::size_t actors = 0;
  std::size_t restarts = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    ten_seconds.next(seed);
    nemesis tree{seed};
    thread_pool_executor pool{2};
    auto top = make_root(pool, [&]() -> task<> { static_cast<void>(co_await move_on_after(2ms, tree.run())); });
    std::atomic<bool> over{false};
    std::thread watcher{[&] {
      do {
        const tree_snapshot seen = take_snapshot(*top, seed % 5 == 0 ? 3 : snapshot_nodes_max);
        ++looks;
        for (const tree_node& node : seen.nodes) {
          children += node.state.empty() ? 0 : 1;
          actors += node.kind == node_kind::actor ? 1 : 0;
          restarts += node.restarts();
          // No assertion of the test framework on this thread.
          if (node.parent >= seen.nodes.size() || (node.wait && node.wait->to.empty()) ||
              (node.mailbox && node.mailbox->depth > node.mailbox->capacity))
            std::abort();
        }
      } while (!over.load());
    }};
    top->start();
    top->wait();
    over.store(true);
    watcher.join();
    CHECK_FALSE(top->take().has_error());
    pool.wait_for_abandoned_fibers();
    REQUIRE(tree.problems() == "");
  }
  CHECK(looks > 500);
  CHECK(children > 0);
  CHECK(restarts > 0);
  CHECK(actors > 0);
}
