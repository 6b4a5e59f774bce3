#include <troupe/program/output.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace troupe::tools {

namespace {

bool ready_to_write(int descriptor, int timeout_ms) noexcept {
  pollfd wanted{descriptor, POLLOUT, 0};
  return poll(&wanted, 1, timeout_ms) == 1 && (wanted.revents & POLLOUT) != 0;
}

} // namespace

bool keep_standard_descriptors() noexcept {
  bool has_output = true;
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF)
      continue;
    if (descriptor == STDOUT_FILENO)
      has_output = false;
    // The lowest free descriptor is this one. The mode is the wrong one on purpose.
    if (open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) != descriptor)
      break;
  }
  return has_output;
}

void ignore_closed_pipes() noexcept { std::signal(SIGPIPE, SIG_IGN); }

std::error_code write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written >= 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno == EAGAIN) // somebody made it non-blocking
      ready_to_write(descriptor, -1);
    else if (errno != EINTR)
      return {errno, std::generic_category()};
  }
  return {};
}

void tell(std::string_view text) noexcept {
  if (ready_to_write(STDERR_FILENO, 0))
    static_cast<void>(write_all(STDERR_FILENO, text));
}

bool can_redraw(int descriptor) noexcept {
  const char* const kind = std::getenv("TERM");
  return isatty(descriptor) == 1 && kind != nullptr && *kind != '\0' && std::string_view{kind} != "dumb";
}

std::optional<std::size_t> columns_of(int descriptor) noexcept {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return std::nullopt;
  return size.ws_col;
}

bool reader_gone(int descriptor) noexcept {
  pollfd wanted{descriptor, 0, 0}; // POLLERR is always reported
  return poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLERR) != 0;
}

} // namespace troupe::tools
