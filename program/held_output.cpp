#include <troupe/program/held_output.hpp>
#include <troupe/program/output.hpp>

#include <array>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace troupe::tools {

namespace {

/// Lets `descriptor` mean `file`, and gives what it was, under another number; -1: it is still that.
int exchange_descriptor(int descriptor, int file) noexcept {
  const int before = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (before != -1 && dup2(file, descriptor) == -1) {
    close(before);
    return -1;
  }
  return before;
}

void put_back(int descriptor, int& before) noexcept {
  if (before == -1)
    return;
  dup2(before, descriptor);
  close(std::exchange(before, -1));
}

} // namespace

void held_output::take() noexcept {
  if (kept_ != -1)
    return;
  const int file = memfd_create("troupe: held output", MFD_CLOEXEC);
  if (file == -1 || fcntl(file, F_SETFL, O_APPEND) == -1) {
    close(file);
    return;
  }
  kept_ = file;
  error_ = isatty(STDERR_FILENO) == 1 ? exchange_descriptor(STDERR_FILENO, file) : -1;
  output_ = exchange_descriptor(STDOUT_FILENO, file);
}

void held_output::trim() noexcept {
  const off_t size = kept_ == -1 ? 0 : lseek(kept_, 0, SEEK_END);
  if (size > static_cast<off_t>(kept_max)) // what cannot be freed stays, and is not written all the same
    static_cast<void>(
        fallocate(kept_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size - static_cast<off_t>(kept_max)));
}

void held_output::give_back() noexcept {
  if (kept_ == -1)
    return;
  put_back(STDOUT_FILENO, output_);
  put_back(STDERR_FILENO, error_);
  const off_t size = lseek(kept_, 0, SEEK_END);
  off_t at = size > static_cast<off_t>(kept_max) ? size - static_cast<off_t>(kept_max) : 0;
  std::array<char, 4096> piece;
  for (ssize_t got = 0; (got = pread(kept_, piece.data(), piece.size(), at)) > 0; at += got)
    if (write_all(STDOUT_FILENO, {piece.data(), static_cast<std::size_t>(got)}))
      break; // the terminal has gone
  close(std::exchange(kept_, -1));
}

int held_output::terminal() const noexcept { return output_ == -1 ? STDOUT_FILENO : output_; }

} // namespace troupe::tools
