// What `troupe run ledger` prints.

#pragma once

#include <troupe/ledger/audit.hpp>
#include <troupe/ledger/load.hpp>
#include <troupe/ledger/server.hpp>
#include <troupe/program/books.hpp>

#include <string>

namespace troupe::tools {

/// A table of the answers that clients were given.
std::string answers_table(const ledger::load_counts& counts, duration took);

/// What a server did until it ended.
std::string server_report(const ledger::server_counts& counts, duration took);

/// What must hold of a database and the answers beside it.
books audit_books(const ledger::audit& found);

} // namespace troupe::tools
