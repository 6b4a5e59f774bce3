// What a program writes while its terminal shows something else.

#pragma once

#include <cstddef>

namespace troupe::tools {

/// Keeps what is written to standard output and standard error, where these are terminals, and writes it when it is
/// given back: the newest MiB of it. Where that cannot be kept it goes where it went before.
///
/// @thread one at a time
class held_output {
public:
  held_output() = default;
  ~held_output() { give_back(); }
  held_output(const held_output&) = delete;
  held_output& operator=(const held_output&) = delete;

  /// Begins to keep.
  ///
  /// @pre standard output is a terminal
  void take() noexcept;
  /// Forgets what is too much.
  void trim() noexcept;
  /// Writes what was kept. A second call does nothing. Async-signal-safe.
  void give_back() noexcept;

  /// Where that terminal is reached meanwhile.
  int terminal() const noexcept;

private:
  static constexpr std::size_t kept_max = std::size_t{1} << 20U;

  int kept_ = -1;   // a file in memory; -1: nothing is kept
  int output_ = -1; // what standard output was
  int error_ = -1;  // and standard error; -1: it was left as it is
};

} // namespace troupe::tools
