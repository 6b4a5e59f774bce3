#include <troupe/program/text_table.hpp>
#include <troupe/tools/descriptions.hpp>
#include <troupe/tools/embedded_files.hpp>
#include <troupe/tools/listing.hpp>
#include <troupe/topology/parse.hpp>

#include <nlohmann/json.hpp>

namespace troupe::tools {

namespace {

/// What can be run by name.
struct listed {
  std::string name;
  std::string kind; ///< "demo", "topology".
  std::string summary;
};

std::vector<listed> all_that_runs() {
  std::vector<listed> all;
  for (const description& each : {ingest_demo, pipeline_demo, pool_demo, storm_demo, ledger_demo})
    all.push_back({each.name, "demo", each.summary});
  for (const embedded_file& each : built_in_topologies()) {
    const auto read = topology::parse(each.text, topology::standard_kinds());
    all.push_back(
        {std::string{each.name.substr(0, each.name.rfind('.'))}, "topology", read.what ? read.what->title : ""});
  }
  return all;
}

} // namespace

std::string list_of_demos(bool as_json) {
  if (as_json) {
    nlohmann::json all = nlohmann::json::array();
    for (const listed& each : all_that_runs())
      all.push_back({{"name", each.name}, {"kind", each.kind}, {"summary", each.summary}});
    return all.dump(2) + '\n';
  }
  text_table table{{{"name"}, {"kind"}, {""}}};
  for (const listed& each : all_that_runs())
    table.add({each.name, each.kind, each.summary});
  return table.text() +
         "\nRun one with `troupe run NAME`. `troupe help run NAME` explains a demo, and `troupe graph NAME` draws "
         "a topology.\n";
}

void listing_command_line::add_options(CLI::App& to) {
  to.add_flag("--json", as_json_, "print them as JSON");
  to.add_flag("--kinds", kinds_, "the kinds of nodes that topology files may have, instead");
}

command listing_command_line::asked() const {
  if (kinds_)
    return list_kinds{as_json_};
  return show_text{list_of_demos(as_json_)};
}

} // namespace troupe::tools
