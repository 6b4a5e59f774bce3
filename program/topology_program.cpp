#include <troupe/program/completion.hpp>
#include <troupe/program/main_program.hpp>
#include <troupe/program/topology_command_set.hpp>
#include <troupe/program/topology_commands.hpp>
#include <troupe/program/topology_program.hpp>

#include <string>
#include <variant>
#include <vector>

namespace troupe {

namespace {

using namespace tools;

using topology_command = std::variant<run_topology, check_topologies, explore_topology, draw_topology, top_options,
                                      list_kinds, show_text, usage_error>;

const description program{"", "", R"(Runs trees of actors that files describe, checks and explores these, draws them,
and shows what runs, live. What a file can say: docs/topology.md of troupe, and
`@ list`.)",
                          R"(Examples:
  @ check mine.toml              what is wrong with a file
  @ run mine.toml --observe      on threads, live in a browser
  @ explore mine.toml            in a thousand orders

Exit codes:
  0    done
  1    something failed, or came out otherwise than the file expects
  2    wrong usage, or a file that is wrong or cannot be read
  70   the accounting, or what troupe promises of each tree, does not hold, or a
       stop got stuck
  130  stopped by Ctrl-C (SIGINT), after cleaning up; a second one ends at once
  141  whoever read the output has gone
  143  stopped by SIGTERM, after cleaning up
)"};

topology_command read(const std::vector<std::string>& arguments, const topology_context& in) {
  commands<topology_command> all{in.program, TROUPE_VERSION, program};
  all.add_command(all.top(), run_file, topology_command_line{false});
  add_topology_commands(all, in);
  all.add_command(all.top(), list_of_nodes, kinds_command_line{});
  all.add_command(all.top(), complete_words, completion_command_line{all, {}});
  all.add(all.top(), show_help);
  return all.read(arguments, arguments);
}

} // namespace

int topology_program(int argc, char** argv, const topology::kinds& known) {
  const std::string path = argc > 0 ? argv[0] : "";
  const topology_context in{path.empty() ? "program" : path.substr(path.rfind('/') + 1), known, {}};
  return main_program(argc, argv, [&in](const std::vector<std::string>& arguments) {
    return std::visit([&in](const auto& each) { return execute(each, in); }, read(arguments, in));
  });
}

} // namespace troupe
