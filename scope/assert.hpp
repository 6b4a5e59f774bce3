// The one macro: misuse by the programmer ends the program with a sentence, in every build.

#pragma once

#include <source_location>

namespace troupe::detail {

/// Prints `file:line: function: sentence (condition)` to standard error and aborts.
///
/// @thread any
[[noreturn]] void assertion_failed(const char* condition, const char* sentence,
                                   std::source_location where = std::source_location::current()) noexcept;

} // namespace troupe::detail

#define TROUPE_ASSERT(condition, sentence)                                                                             \
  ((condition) ? static_cast<void>(0) : ::troupe::detail::assertion_failed(#condition, sentence))
