// `troupe load`.

#pragma once

#include <troupe/tools/command_line.hpp>

namespace troupe::tools {

/// Asks the service until its time is over, and prints what came of it.
exit_code put_load(const run_load& asked);

} // namespace troupe::tools
