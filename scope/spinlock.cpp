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

void relax_or_yield() noexcept {
  constexpr unsigned spins_before_yield = 1024;
  constinit static thread_local unsigned spins = 0;
  if (++spins % spins_before_yield != 0)
    cpu_relax();
  else
    std::this_thread::yield();
}

void spinlock::lock_contended() noexcept {
  do {
    // relaxed: only watches; the exchange below acquires
    while (held_.load(std::memory_order_relaxed))
      relax_or_yield();
  } while (held_.exchange(true, std::memory_order_acquire));
}

} // namespace troupe::detail
