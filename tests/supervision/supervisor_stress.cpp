#include <troupe/supervision/supervisor.hpp>

#include "nemesis.hpp"

#include <tests/catch.hpp>

#include <troupe/scope/thread_pool_executor.hpp>

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
      const outcome<> ended =
          pool.run([&]() -> task<> { static_cast<void>(co_await move_on_after(2ms, tree.run())); });
      CHECK_FALSE(ended.has_error());
      pool.wait_for_abandoned_fibers();
    }
    REQUIRE(tree.problems() == "");
    handled += tree.handled();
  }
  CHECK(open_files() == files);
  CHECK(handled > 1'000);
}
