// What the user asked for: the arguments of the `troupe` command, read and checked.

#pragma once

#include <troupe/ledger/load.hpp>
#include <troupe/ledger/server.hpp>
#include <troupe/program/observe_options.hpp>
#include <troupe/program/top_options.hpp>
#include <troupe/program/topology_context.hpp>
#include <troupe/program/topology_options.hpp>
#include <troupe/program/usage.hpp>
#include <troupe/streams/tls.hpp>
#include <troupe/tools/ingest.hpp>
#include <troupe/tools/load_command_line.hpp>
#include <troupe/tools/new_project.hpp>
#include <troupe/tools/pipeline.hpp>
#include <troupe/tools/pool.hpp>
#include <troupe/tools/storm.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::tools {

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
  std::optional<tls_server_options> tls; ///< Without it connections are not encrypted.
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

/// What can be run by name.
struct list_names {
  bool as_json = false;
};

/// A program that takes the place of this one.
struct run_program {
  std::string program; ///< Beside this one, in the build tree.
  std::vector<std::string> arguments;
};

using command = std::variant<run_ingest, run_pipeline, run_ledger, run_ledger_server, run_pool, run_storm, run_load,
                             run_topology, check_topologies, explore_topology, draw_topology, list_kinds, list_names,
                             top_options, run_program, new_project, show_text, usage_error>;

/// What the commands that work on topologies have here: the standard kinds, and the topologies that are built in.
const topology_context& tool_context();

/// Reads the arguments after the program's name. Looks at nothing else, and changes nothing.
command read_command_line(const std::vector<std::string>& arguments);

} // namespace troupe::tools
