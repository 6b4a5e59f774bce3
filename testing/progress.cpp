#include <troupe/scope/steady_time.hpp>
#include <troupe/testing/last_words.hpp>
#include <troupe/testing/progress.hpp>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace troupe::detail {

namespace {

volatile std::sig_atomic_t interrupts = 0;
struct sigaction handler_before;
progress* current = nullptr;
const std::string* current_name = nullptr;
instant next_look{};
bool has_shown = false;

extern "C" void note_interrupt(int) {
  if (interrupts != 0) { // the run does not come to its end
    speak_last_words();
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  interrupts = 1;
}

} // namespace

progress::progress(const std::string& of) : is_outermost_(current == nullptr) {
  if (!is_outermost_)
    return;
  current = this;
  current_name = &of;
  has_shown = false;
  next_look = {};
  struct sigaction ours {};
  ours.sa_handler = note_interrupt;
  sigemptyset(&ours.sa_mask);
  sigaction(SIGINT, &ours, &handler_before);
}

progress::~progress() {
  if (!is_outermost_)
    return;
  current = nullptr;
  sigaction(SIGINT, &handler_before, nullptr);
  if (has_shown)
    std::fputs("\r\033[K", stderr);
}

bool progress::interrupted() noexcept { return interrupts != 0; }

void progress::end_by_interrupt(const std::string& covered) {
  interrupts = 0;
  std::fputs(covered.c_str(), stderr);
  std::raise(SIGINT);
}

void progress::show(std::size_t done, std::size_t of) {
  if (current == nullptr)
    return;
  const instant now = steady_time::real_now(); // each time: a single run may take long
  if (now < next_look)
    return;
  next_look = now + std::chrono::milliseconds{100};
  if (isatty(STDERR_FILENO) == 0)
    return;
  has_shown = true;
  fmt::print(stderr, "\r\033[K{}: {}{} schedules", *current_name, done, of != 0 ? fmt::format(" of {}", of) : "");
  std::fflush(stderr);
}

} // namespace troupe::detail
