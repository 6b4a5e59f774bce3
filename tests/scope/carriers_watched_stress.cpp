#include <troupe/scope/carriers.hpp>

#include "driven_pool.hpp"

#include <tests/catch.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/scope/steady_time.hpp>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

using namespace troupe;
using tests::driven_pool;

TEST_CASE("a sample of a carrier changes with each run, and names the fiber while it runs", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 1};
  std::vector<carrier_sample> seen{pool.sample(0)};
  const auto samples = [&]() -> task<> {
    for (int run = 0; run < 2; ++run) {
      seen.push_back(pool.sample(0));
      co_await yield();
    }
  };
  auto top = make_root(pool, std::ref(samples));
  const fiber* const running = top.get();
  top->start();
  pool.drain();
  seen.push_back(pool.sample(0));
  REQUIRE(seen.size() == 4);
  CHECK(seen[0].running == nullptr);
  CHECK(seen[1].running == running);
  CHECK(seen[2].running == running);
  CHECK(seen[1].runs != seen[2].runs);
  CHECK(seen[3].running == nullptr);
}

TEST_CASE("a wait for busy carriers ends when one leaves home, or by hand", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 2};
  std::atomic<bool> over{false};
  for (int attempt = 0; attempt < 200; ++attempt) {
    std::thread waits{[&] { pool.wait_busy(over); }};
    for (int i = 0; i < attempt; ++i) // so that it sleeps, comes late or is on its way
      std::this_thread::yield();
    auto top = make_root(pool, []() -> task<> { co_return; });
    top->start();
    waits.join(); // hangs if it was not woken
    pool.drain();
    REQUIRE(top->has_ended());
  }
  for (int attempt = 0; attempt < 200; ++attempt) {
    over = false;
    std::thread waits{[&] { pool.wait_busy(over); }};
    for (int i = 0; i < attempt; ++i)
      std::this_thread::yield();
    over = true;
    pool.end_wait_busy();
    waits.join();
  }
}
