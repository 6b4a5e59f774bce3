#include <troupe/program/completion.hpp>
#include <troupe/program/topology_command_set.hpp>
#include <troupe/tools/command_line.hpp>
#include <troupe/tools/descriptions.hpp>
#include <troupe/tools/embedded_files.hpp>
#include <troupe/tools/flow_demo_options.hpp>
#include <troupe/tools/ledger_options.hpp>
#include <troupe/tools/listing.hpp>
#include <troupe/tools/new_command_line.hpp>
#include <troupe/tools/tree_demo_options.hpp>

#include <CLI/CLI.hpp>

namespace troupe::tools {

namespace {

/// `bench` is another program, which reads what follows.
class bench_command_line {
public:
  void add_options(CLI::App&) {}
  run_program asked() const { return {"bench/troupe_bench", {}}; }
};

bool is_help(const std::string& word) { return word == "-h" || word == "--help"; }

void add_all(commands<command>& to) {
  CLI::App& run = to.add(to.top(), run_demo);
  run.require_subcommand(0, 1);
  to.add_names(run, "[DEMO|NAME|FILE]", names_of_topologies(tool_context()));
  to.add_command(run, ingest_demo, ingest_command_line{});
  to.add_command(run, pipeline_demo, pipeline_command_line{});
  to.add_command(run, ledger_demo, ledger_command_line{});
  to.add_command(run, pool_demo, pool_command_line{});
  to.add_command(run, storm_demo, storm_command_line{});
  to.add_command(run, topology_run, topology_command_line{true});
  to.add_command(to.top(), load_service, load_command_line{});
  add_topology_commands(to, tool_context());
  to.add_command(to.top(), make_project, new_command_line{});
  to.add_command(to.top(), run_benchmarks, bench_command_line{});
  to.add_command(to.top(), run_tests, tests_command_line{});
  to.add_command(to.top(), complete_words, completion_command_line{to, names_of_topologies(tool_context())});
  to.add_command(to.top(), list_demos, listing_command_line{});
  to.add(to.top(), show_help);
}

} // namespace

const topology_context& tool_context() {
  static const topology::kinds known = topology::standard_kinds();
  static const topology_context here{"troupe", known, built_in_topologies()};
  return here;
}

command read_command_line(const std::vector<std::string>& given) {
  commands<command> all{tool_context().program, TROUPE_VERSION, program};
  add_all(all);
  std::vector<std::string> arguments = given;
  const auto is_at = [&arguments](std::size_t place, const char* word) {
    return arguments.size() > place && arguments[place] == word;
  };
  // Options right after `run` are the default demo's.
  if (is_at(0, run_demo.name) && (arguments.size() == 1 || (arguments[1].starts_with('-') && !is_help(arguments[1]))))
    arguments.insert(arguments.begin() + 1, ingest_demo.name);
  if (arguments.size() > 1 && is_at(0, run_demo.name) && names_topology(tool_context(), arguments[1]))
    arguments.insert(arguments.begin() + 1, topology_run.name);
  if (arguments.size() == 3 && is_at(0, show_help.name) && is_at(1, run_demo.name) &&
      names_topology(tool_context(), arguments[2]))
    arguments[2] = topology_run.name;
  if (is_at(0, run_benchmarks.name) && (arguments.size() == 1 || !is_help(arguments[1])))
    return run_program{"bench/troupe_bench", {arguments.begin() + 1, arguments.end()}};
  return all.read(arguments, given);
}

} // namespace troupe::tools
