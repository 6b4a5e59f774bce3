// What the user asked for: the arguments of the `troupe` command, read and checked.

#pragma once

#include <troupe/ledger/load.hpp>
#include <troupe/ledger/server.hpp>
#include <troupe/tools/ingest.hpp>
#include <troupe/tools/load_command_line.hpp>
#include <troupe/tools/new_project.hpp>
#include <troupe/tools/observe_options.hpp>
#include <troupe/tools/pipeline.hpp>
#include <troupe/tools/pool.hpp>
#include <troupe/tools/storm.hpp>
#include <troupe/tools/top_options.hpp>
#include <troupe/tools/topology_options.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace troupe::tools {

/// The exit codes of the command, as its help lists them. 70 is "internal software error" in sysexits.h; the others are
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

struct run_ingest {
  std::string input;
  ingest_options options;
};

struct run_pipeline {
  pipeline_options options;
};

struct run_ledger {
  ledger::load_options options; ///< Without a database: a new one, which goes at the end.
  bool audit_only = false;
};

struct run_ledger_server {
  std::string host; ///< A name, or an address.
  std::uint16_t port = 0;
  std::string database; ///< Empty: a new one, which goes at the end.
  std::int64_t accounts = 100, balance = 10'000;
  ledger::server_options options;
};

struct run_pool {
  pool_options options;
  observe_options observe;
};

struct run_storm {
  storm_options options;
  bool simulate = false; ///< In virtual time.
  observe_options observe;
};

/// A text for standard output: help, version, list.
struct show_text {
  std::string text;
};

/// A text for standard error: what is wrong, where, and what to do.
struct usage_error {
  std::string text;
};

using command = std::variant<run_ingest, run_pipeline, run_ledger, run_ledger_server, run_pool, run_storm, run_load,
                             run_topology, check_topologies, explore_topology, draw_topology, top_options, run_program,
                             new_project, show_text, usage_error>;

/// Reads the arguments after the program's name. Looks at nothing else, and changes nothing.
command read_command_line(const std::vector<std::string>& arguments);

/// The one of `known` that differs least from `word`, where that is little enough to be a slip; else empty.
std::string closest(const std::string& word, const std::vector<std::string>& known);

} // namespace troupe::tools
