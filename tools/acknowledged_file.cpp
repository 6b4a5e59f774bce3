#include <troupe/program/output.hpp>
#include <troupe/tools/acknowledged_file.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace troupe::tools {

acknowledged_file::acknowledged_file(std::string path) : path_(std::move(path)) {
  if (path_.empty())
    return;
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0)
    throw std::system_error(errno, std::generic_category(), "cannot open " + path_);
}

acknowledged_file::~acknowledged_file() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

// A line is one write, and the file is at its end for each: lines of several threads do not mix.
void acknowledged_file::add(const transfer_request& request, std::uint64_t transfer) const {
  if (descriptor_ < 0)
    return;
  const std::string line =
      fmt::format("{} {} {} {} {}\n", request.key, transfer, request.from, request.to, request.amount);
  if (const std::error_code failed = write_all(descriptor_, line); failed)
    throw std::system_error(failed, "cannot write to " + path_);
}

} // namespace troupe::tools
