// Where bytes come from: a file, a pipe, or in tests a string.

#pragma once

#include <troupe/scope/task.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <system_error>

namespace troupe::tools {

/// A stream of bytes that is read by one fiber.
class byte_source {
public:
  virtual ~byte_source() = default;

  /// Reads some bytes, as many as are there and fit.
  ///
  /// @suspends while nothing is there
  /// @cancel   nothing was read
  /// @returns  how many; 0 at the end
  /// @throws   `std::system_error`
  virtual task<std::size_t> read(std::span<char> into) = 0;
};

/// A file, a pipe, a terminal or a device.
///
/// A regular file is read where it is asked for: that blocks the thread for one short read. Anything else is asked
/// first whether it has bytes, and asked again after a pause, so that a cancel never waits for whoever writes.
class file_source final : public byte_source {
public:
  /// Opens a path; "-" is standard input. A FIFO without a writer is open at once: the first read waits for one.
  ///
  /// @throws `std::system_error`, with what could not be opened and why; also for a directory
  explicit file_source(const std::string& path);
  ~file_source() override;
  file_source(const file_source&) = delete;
  file_source& operator=(const file_source&) = delete;

  task<std::size_t> read(std::span<char> into) override;

  /// For messages: the path, or "standard input".
  const std::string& name() const noexcept { return name_; }
  bool is_terminal() const noexcept;

private:
  std::optional<std::size_t> try_read(std::span<char> into) const;

  std::string name_;
  int descriptor_ = -1;
  bool close_ = false;
};

} // namespace troupe::tools
