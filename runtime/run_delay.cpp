#include <troupe/runtime/run_delay.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace troupe::detail {

std::optional<duration> run_delay(int thread) noexcept {
  std::array<char, 64> path;
  std::snprintf(path.data(), path.size(), "/proc/self/task/%d/schedstat", thread);
  const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return std::nullopt;
  std::array<char, 128> text; // "CPU WAITED TURNS", in nanoseconds
  const ssize_t bytes = ::read(file, text.data(), text.size());
  ::close(file);
  const std::string_view all{text.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
  const std::size_t second = all.find(' ');
  if (second == all.npos)
    return std::nullopt;
  std::chrono::nanoseconds::rep waited = 0;
  const auto read = std::from_chars(all.data() + second + 1, all.data() + all.size(), waited);
  if (read.ec != std::errc{})
    return std::nullopt;
  return std::chrono::duration_cast<duration>(std::chrono::nanoseconds{waited});
}

} // namespace troupe::detail
