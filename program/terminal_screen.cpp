#include <troupe/program/output.hpp>
#include <troupe/program/terminal_screen.hpp>
#include <troupe/scope/assert.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

/// Of sanitizers, where the program has one: called when it ends the process.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace troupe::tools {

namespace {

constexpr std::string_view enter_sequence = "\x1b[?1049h\x1b[?25l"; // a screen of its own, without a cursor
constexpr std::string_view leave_sequence = "\x1b[?25h\x1b[?1049l";
constexpr std::array deadly{SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

std::atomic<terminal_screen*> current{nullptr};

extern "C" void leave_before_death(int signal) {
  terminal_screen::leave();
  std::raise(signal); // it does what it did before, when this returns
}

void set_deadly(void (*from)(int), void (*to)(int)) noexcept {
  for (const int each : deadly) {
    struct sigaction now {};
    if (sigaction(each, nullptr, &now) != 0 || (now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != from)
      continue; // somebody else's
    struct sigaction next {};
    next.sa_handler = to;
    next.sa_flags = static_cast<int>(to == SIG_DFL ? 0 : SA_RESETHAND);
    sigaction(each, &next, nullptr);
  }
}

frame_shape shape_of(int terminal) {
  winsize size{};
  const char* const no_color = std::getenv("NO_COLOR");
  const bool colours = no_color == nullptr || *no_color == '\0';
  if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {80, 24, colours};
  return {size.ws_col, size.ws_row, colours};
}

/// Another program has the terminal: this one runs in the background.
bool is_in_background(int terminal) noexcept {
  const pid_t foreground = tcgetpgrp(terminal); // -1: it is no terminal of this session
  return foreground > 0 && foreground != getpgrp();
}

/// A signal that is masked does what it does where nobody waits for it.
void let_act(int signal) noexcept {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  std::raise(signal); // for this thread: it comes at once when it is no longer masked
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  pthread_sigmask(SIG_BLOCK, &only, nullptr);
}

/// A frame in place of the one before, without a flicker: each line is cleared behind its end only.
std::string redrawn(const std::string& frame) {
  std::string text = "\x1b[H";
  for (const char letter : frame.substr(0, frame.size() - 1)) // without the last line's end, which would scroll
    text += letter == '\n' ? "\x1b[K\r\n" : std::string(1, letter);
  return text + "\x1b[K\x1b[J";
}

} // namespace

/// Whoever changes the terminal does so alone. Who would have to wait for long goes on all the same.
class terminal_screen::drawing {
public:
  explicit drawing(std::atomic<bool>& busy) noexcept : busy_(busy) {
    for (int patience = 1'000; patience != 0 && busy_.exchange(true); --patience)
      poll(nullptr, 0, 1);
  }
  ~drawing() { busy_.store(false); }
  drawing(const drawing&) = delete;
  drawing& operator=(const drawing&) = delete;

private:
  std::atomic<bool>& busy_;
};

bool terminal_screen::is_possible() noexcept { return can_redraw(STDOUT_FILENO); }

terminal_screen::terminal_screen(bool takes_interrupts)
    : signals_(takes_interrupts ? awaited_signals{SIGWINCH, SIGTSTP, SIGQUIT, SIGHUP, SIGTTOU, SIGINT, SIGTERM}
                                : awaited_signals{SIGWINCH, SIGTSTP, SIGQUIT, SIGHUP, SIGTTOU}) {
  TROUPE_ASSERT(current.exchange(this) == nullptr, "two screens on one terminal: one at a time");
  set_deadly(SIG_DFL, &leave_before_death);
  static const int at_exit = std::atexit(&terminal_screen::leave);
  static_cast<void>(at_exit); // one more way to end; where there is no room for it, the others remain
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(&terminal_screen::leave);
}

terminal_screen::~terminal_screen() {
  std::fflush(stdout); // while it is kept: what C's streams hold comes before what is printed next
  leave();
  set_deadly(&leave_before_death, SIG_DFL);
}

std::error_code terminal_screen::draw(const std::function<std::string(const frame_shape&)>& frame) {
  if (is_in_background(others_.terminal())) {
    give_back();
    return {};
  }
  const std::string text = redrawn(frame(shape_of(others_.terminal())));
  const drawing alone{busy_};
  if (current.load() != this) // left for good: the process ends
    return {};
  enter();
  others_.trim();
  return write_all(others_.terminal(), text);
}

int terminal_screen::wait(duration limit) {
  const int caught = signals_.wait(limit);
  if (caught == SIGTSTP || caught == SIGQUIT || caught == SIGHUP) {
    give_back();
    let_act(caught);
    return 0; // the next frame comes when the terminal is the program's again
  }
  return caught > 0 && caught != SIGWINCH ? caught : 0;
}

void terminal_screen::leave() noexcept {
  if (terminal_screen* const here = current.exchange(nullptr))
    here->give_back();
}

void terminal_screen::enter() noexcept {
  if (entered_)
    return;
  entered_ = true;
  others_.take();
  if (termios now{}; tcgetattr(others_.terminal(), &now) == 0) {
    echoing_ = now;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(others_.terminal(), TCSANOW, &now);
  }
  static_cast<void>(write_all(others_.terminal(), enter_sequence));
}

void terminal_screen::give_back() noexcept {
  const drawing alone{busy_};
  if (!entered_)
    return;
  entered_ = false;
  static_cast<void>(write_all(others_.terminal(), leave_sequence));
  if (echoing_)
    tcsetattr(others_.terminal(), TCSANOW, &*echoing_); // not stopped in the background either: SIGTTOU is masked
  others_.give_back();
}

} // namespace troupe::tools
