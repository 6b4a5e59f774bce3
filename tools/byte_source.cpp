#include <troupe/scope/sleep.hpp>
#include <troupe/tools/byte_source.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::tools {

namespace {

// A writer that is as fast as we are fills its pipe again within the first pauses; one that sleeps costs a look every
// 20 ms, which no person notices.
constexpr duration pause_first = std::chrono::microseconds{50};
constexpr duration pause_max = std::chrono::milliseconds{20};

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

} // namespace

file_source::file_source(const std::string& path) : name_(path) {
  if (path == "-") {
    name_ = "standard input";
    descriptor_ = STDIN_FILENO;
  } else {
    // O_NONBLOCK: opening a FIFO does not wait for its writer. It changes nothing for regular files.
    descriptor_ = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (descriptor_ == -1)
      fail(errno, "cannot open " + name_);
    close_ = true;
  }
  struct stat about {};
  const int error = fstat(descriptor_, &about) != 0 ? errno : S_ISDIR(about.st_mode) ? EISDIR : 0;
  if (error == 0)
    return;
  if (close_)
    close(descriptor_);
  fail(error, "cannot read " + name_);
}

file_source::~file_source() {
  if (close_)
    close(descriptor_);
}

bool file_source::is_terminal() const noexcept { return isatty(descriptor_) == 1; }

task<std::size_t> file_source::read(std::span<char> into) {
  duration pause = pause_first;
  for (;;) {
    const std::optional<std::size_t> got = try_read(into);
    if (got)
      co_return *got;
    co_await sleep_for(pause);
    pause = std::min(2 * pause, pause_max);
  }
}

/// Nothing: there are no bytes yet, and the end has not come.
std::optional<std::size_t> file_source::try_read(std::span<char> into) const {
  pollfd wanted{descriptor_, POLLIN, 0};
  // A FIFO that had no writer yet reports nothing, while reading from it would give its end. Errors of poll itself
  // are left to read, which names them.
  if (poll(&wanted, 1, 0) == 0)
    return std::nullopt;
  const ssize_t got = ::read(descriptor_, into.data(), into.size());
  if (got >= 0)
    return static_cast<std::size_t>(got);
  if (errno == EAGAIN || errno == EINTR)
    return std::nullopt;
  fail(errno, "cannot read " + name_);
}

} // namespace troupe::tools
