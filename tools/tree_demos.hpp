// The demos with supervisors, as the command runs them.

#pragma once

#include <troupe/tools/command_line.hpp>

namespace troupe::tools {

exit_code demonstrate(const run_pool& asked);
/// The story goes to standard output, as it happens; then the report.
exit_code demonstrate(const run_storm& asked);

} // namespace troupe::tools
