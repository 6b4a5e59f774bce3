#include <troupe/scope/signals_masked.hpp>

#include <initializer_list>

namespace troupe::detail {

signals_masked::signals_masked() noexcept {
  sigset_t masked;
  sigfillset(&masked);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF})
    sigdelset(&masked, own);
  pthread_sigmask(SIG_SETMASK, &masked, &before_);
}

signals_masked::~signals_masked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

} // namespace troupe::detail
