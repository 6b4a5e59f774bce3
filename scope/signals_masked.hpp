// Threads of the library take no signals: they are started under this guard.

#pragma once

#include <csignal>

namespace troupe::detail {

/// Masks signals on this thread while it lives: a thread started meanwhile inherits the mask and keeps it.
///
/// What a thread brings upon itself (SIGSEGV, SIGFPE, …) stays open, for debuggers and sanitizers, and so does SIGPROF.
///
/// @thread owner: made and destroyed on the same one
class signals_masked {
public:
  signals_masked() noexcept;
  ~signals_masked();
  signals_masked(const signals_masked&) = delete;
  signals_masked& operator=(const signals_masked&) = delete;

private:
  sigset_t before_;
};

} // namespace troupe::detail
