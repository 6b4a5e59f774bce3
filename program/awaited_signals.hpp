// Signals that are waited for, and end nothing by themselves.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <csignal>
#include <initializer_list>

namespace troupe::tools {

/// Masks signals, for the thread that makes it and those that it starts.
///
/// @thread made and destroyed on one; `wait` by one
class awaited_signals {
public:
  awaited_signals(std::initializer_list<int> signals) noexcept;
  ~awaited_signals();
  awaited_signals(const awaited_signals&) = delete;
  awaited_signals& operator=(const awaited_signals&) = delete;

  /// The one that came within that time; 0: none.
  int wait(duration limit) const noexcept;

private:
  sigset_t awaited_{};
  sigset_t before_{};
};

} // namespace troupe::tools
