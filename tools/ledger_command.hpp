// `troupe run ledger`: the demo, and the server.

#pragma once

#include <troupe/tools/command_line.hpp>

namespace troupe::tools {

/// Runs clients beside the service, and audits.
exit_code demonstrate(const run_ledger& asked);
/// Serves until a signal, and says at the end what it did.
exit_code serve_ledger(const run_ledger_server& asked);

} // namespace troupe::tools
