#include <troupe/testing/last_words.hpp>

#include <array>
#include <csignal>
#include <cstddef>
#include <unistd.h>
#include <utility>

/// Of the sanitizers' runtime; null in a program without one.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*call)());

namespace troupe::detail {

namespace {

const last_speaker* current = nullptr;
constexpr std::array deadly = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
std::array<struct sigaction, deadly.size()> handlers_before;

extern "C" void speak_and_die(int signal) {
  for (std::size_t i = 0; i < deadly.size(); ++i)
    sigaction(deadly[i], &handlers_before[i], nullptr);
  speak_last_words();
  std::raise(signal);
}

} // namespace

// Allocates, and may fail in that: the program is dying, and what it could say is worth the try.
void speak_last_words() {
  const last_speaker* const who = std::exchange(current, nullptr);
  if (who == nullptr)
    return;
  const std::string words = who->last_words();
  static_cast<void>(!write(STDERR_FILENO, words.data(), words.size()));
}

last_words::last_words(const last_speaker& who) : before_(std::exchange(current, &who)) {
  if (before_ != nullptr)
    return;
  struct sigaction ours {};
  ours.sa_handler = speak_and_die;
  sigemptyset(&ours.sa_mask);
  ours.sa_flags = SA_NODEFER | SA_ONSTACK;
  for (std::size_t i = 0; i < deadly.size(); ++i)
    sigaction(deadly[i], &ours, &handlers_before[i]);
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(speak_last_words);
}

last_words::~last_words() {
  current = before_;
  if (before_ != nullptr)
    return;
  for (std::size_t i = 0; i < deadly.size(); ++i)
    sigaction(deadly[i], &handlers_before[i], nullptr);
}

} // namespace troupe::detail
