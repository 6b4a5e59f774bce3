#include <troupe/scope/spinlock.hpp>

#include <thread>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace troupe::detail {

void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void spinlock::lock_contended() noexcept {
  constexpr int spins_before_yield = 1024;
  int spins = 0;
  do {
    // relaxed: only watches; the exchange below acquires
    while (held_.load(std::memory_order_relaxed)) {
      if (++spins % spins_before_yield != 0)
        cpu_relax();
      else
        std::this_thread::yield(); // the holder may have lost its core
    }
  } while (held_.exchange(true, std::memory_order_acquire));
}

} // namespace troupe::detail
