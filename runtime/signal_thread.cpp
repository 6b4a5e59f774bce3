#include <troupe/runtime/signal_thread.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/signals_masked.hpp>

namespace troupe::detail {

namespace {

std::atomic<bool> there_is_one{false};

bool is_handled_by(int signal, void (*handler)(int)) noexcept {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == handler;
}

bool ignored(int signal) noexcept { return is_handled_by(signal, SIG_IGN); }

} // namespace

signal_thread::signal_thread(int also) noexcept : terminate_ignored_(ignored(SIGTERM)) {
  TROUPE_ASSERT(!there_is_one.exchange(true),
                "two runtimes of a process handle signals at a time: set runtime_options::handle_signals in one only");
  sigemptyset(&taken_);
  sigaddset(&taken_, SIGTERM); // ignored or not: stop() uses it
  if (!ignored(SIGINT))
    sigaddset(&taken_, SIGINT);
  sigset_t waited_for;
  pthread_sigmask(SIG_BLOCK, nullptr, &waited_for);
  if (also != 0 && is_handled_by(also, SIG_DFL) &&
      sigismember(&waited_for, also) == 0) // else the program may wait for it
    sigaddset(&taken_, also_ = also);
  pthread_sigmask(SIG_BLOCK, &taken_, &mask_before_);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &pipe_before_);
}

signal_thread::~signal_thread() {
  stop();
  sigaction(SIGPIPE, &pipe_before_, nullptr);
  if (also_ != 0) { // one that came since would end the program now
    sigset_t late;
    sigemptyset(&late);
    sigaddset(&late, also_);
    const timespec at_once{};
    while (sigtimedwait(&late, nullptr, &at_once) > 0) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  there_is_one.store(false);
}

void signal_thread::start(callback on_signal, void* context) {
  const signals_masked inherited;
  thread_ = std::thread{[this, on_signal, context] {
    for (;;) {
      int signal = 0;
      if (sigwait(&taken_, &signal) != 0)
        continue;
      if (stopping_.load())
        return;
      if (signal != SIGTERM || !terminate_ignored_)
        on_signal(context, signal);
    }
  }};
}

void signal_thread::stop() noexcept {
  if (!thread_.joinable())
    return;
  stopping_.store(true);
  pthread_kill(thread_.native_handle(), SIGTERM); // to that thread: one for the process would stay pending
  thread_.join();
}

} // namespace troupe::detail
