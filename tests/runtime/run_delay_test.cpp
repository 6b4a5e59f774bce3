#include <troupe/runtime/run_delay.hpp>

#include <tests/catch.hpp>

#include <atomic>
#include <chrono>
#include <pthread.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a thread that shares its CPU with another one has waited about as long as that has run", "[runtime]") {
  if (!detail::run_delay(::gettid())) {
    WARN("this system does not say how long a thread has waited for a CPU, so this was not tried");
    return;
  }
  cpu_set_t before, one;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &before))
      CPU_SET(cpu, &one);
  std::atomic<bool> over{false};
  std::atomic<int> number{0};
  std::thread other{[&] {
    ::sched_setaffinity(0, sizeof one, &one);
    number = ::gettid();
    while (!over) {
    }
  }};
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  // Either waits while the other one runs. No clock is asked, so it holds on a machine that is busy, too.
  while (number == 0 || detail::run_delay(number) < 20ms || detail::run_delay(::gettid()) < 20ms) {
  }
  over = true;
  other.join();
  CHECK(::sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK_FALSE(detail::run_delay(number)); // it has gone
}
