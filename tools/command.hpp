// Runs what was asked for, prints what came out, and says with which code to exit.

#pragma once

#include <troupe/tools/command_line.hpp>

namespace troupe::tools {

/// @pre `keep_standard_descriptors()` and `ignore_closed_pipes()` were called
exit_code execute(const command& asked);

} // namespace troupe::tools
