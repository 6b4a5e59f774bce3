#include <troupe/tools/descriptions.hpp>
#include <troupe/tools/embedded_files.hpp>
#include <troupe/tools/listing.hpp>
#include <troupe/tools/text_table.hpp>
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

std::vector<std::string> names_of_topologies() {
  std::vector<std::string> names;
  for (const listed& each : all_that_runs())
    if (each.kind == "topology")
      names.push_back(each.name);
  return names;
}

} // namespace troupe::tools
