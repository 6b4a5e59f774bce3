#include <troupe/scope/signals_masked.hpp>

#include <tests/catch.hpp>

#include <thread>

namespace {

bool masked_here(int signal) {
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return sigismember(&now, signal) == 1;
}

} // namespace

TEST_CASE("a thread started under signals_masked takes no signals but its own faults", "[scope]") {
  bool interrupt = false;
  bool fault = true;
  std::thread started;
  {
    const troupe::detail::signals_masked inherited;
    started = std::thread{[&] {
      interrupt = masked_here(SIGINT) && masked_here(SIGTERM) && masked_here(SIGPIPE);
      fault = masked_here(SIGSEGV) || masked_here(SIGFPE);
    }};
  }
  started.join();
  CHECK(interrupt);
  CHECK_FALSE(fault);
}

TEST_CASE("the thread that made a signals_masked has its own mask back afterwards", "[scope]") {
  const bool before = masked_here(SIGUSR1);
  {
    const troupe::detail::signals_masked inherited;
    CHECK(masked_here(SIGUSR1));
  }
  CHECK(masked_here(SIGUSR1) == before);
}
