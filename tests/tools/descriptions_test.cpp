#include <troupe/tools/descriptions.hpp>

#include <tests/catch.hpp>

#include <troupe/program/command_tree.hpp>
#include <troupe/program/topology_descriptions.hpp>

#include <sstream>
#include <string>

using namespace troupe::tools;

TEST_CASE("each command is described, in whole lines that fit a terminal", "[tools]") {
  for (const description* each :
       {&program,      &run_demo,       &ingest_demo,  &pipeline_demo,     &pool_demo,  &storm_demo, &ledger_demo,
        &load_service, &topology_run,   &check_files,  &explore_schedules, &draw_graph, &watch_tree, &run_benchmarks,
        &run_tests,    &complete_words, &make_project, &list_demos,        &show_help,  &run_file,   &list_of_nodes}) {
    INFO(each->name);
    const std::string about = each->about;
    const std::string notes = each->notes;
    REQUIRE(!about.empty());
    CHECK(std::string(each->summary).size() <= 66); // after the longest name
    CHECK(about.back() != '\n');
    CHECK((notes.empty() || notes.back() == '\n'));
    std::istringstream lines{about + '\n' + notes};
    for (std::string line; std::getline(lines, line);)
      CHECK(line.size() <= 80);
  }
}
