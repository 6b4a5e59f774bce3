// How a command ends.

#pragma once

namespace troupe::tools {

/// The exit codes of commands, as their help lists them. 70 is "internal software error" in sysexits.h; the others are
/// what shells report of commands that a signal ended.
enum class exit_code : int {
  ok = 0,
  failed = 1, ///< Input or output, or the work itself.
  usage = 2,
  books_do_not_balance = 70,
  interrupted = 130,
  output_closed = 141,
  terminated = 143,
};

} // namespace troupe::tools
