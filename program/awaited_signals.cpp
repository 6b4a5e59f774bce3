#include <troupe/program/awaited_signals.hpp>

#include <chrono>
#include <ctime>

namespace troupe::tools {

awaited_signals::awaited_signals(std::initializer_list<int> signals) noexcept {
  sigemptyset(&awaited_);
  for (const int each : signals)
    sigaddset(&awaited_, each);
  pthread_sigmask(SIG_BLOCK, &awaited_, &before_);
}

awaited_signals::~awaited_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

int awaited_signals::wait(duration limit) const noexcept {
  using std::chrono::seconds;
  const auto whole = std::chrono::duration_cast<seconds>(limit);
  const timespec time{static_cast<time_t>(whole.count()),
                      static_cast<long>(std::chrono::nanoseconds{limit - whole}.count())};
  const int caught = sigtimedwait(&awaited_, nullptr, &time);
  return caught > 0 ? caught : 0;
}

} // namespace troupe::tools
