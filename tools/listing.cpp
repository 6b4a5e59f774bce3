#include <troupe/program/text_table.hpp>
#include <troupe/tools/descriptions.hpp>
#include <troupe/tools/embedded_files.hpp>
#include <troupe/tools/listing.hpp>
#include <troupe/topology/parse.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace troupe::tools {

namespace {

/// What can be run by name.
struct listed {
  std::string name;
  std::string kind; ///< "demo", "topology".
  std::string summary;
};

/// At a space, where it does not fit.
std::string shortened(const std::string& text, std::size_t columns_max) {
  constexpr std::string_view more = " ...";
  if (text.size() <= columns_max)
    return text;
  const std::size_t space = columns_max > more.size() ? text.rfind(' ', columns_max - more.size()) : text.npos;
  return space == text.npos ? "" : text.substr(0, space) + std::string{more};
}

std::vector<listed> all_that_runs() {
  std::vector<listed> all;
  for (const description& each : {ingest_demo, pipeline_demo, pool_demo, storm_demo, ledger_demo})
    all.push_back({each.name, "demo", each.summary});
  for (const embedded_file& each : built_in_topologies()) {
    const auto read = topology::parse(each.text, topology::standard_kinds());
    all.push_back(
        {std::string{each.name.substr(0, each.name.rfind('.'))}, "topology", read.what ? read.what->watch : ""});
  }
  return all;
}

} // namespace

std::string list_of_demos(bool as_json, std::optional<std::size_t> columns) {
  if (as_json) {
    nlohmann::json all = nlohmann::json::array();
    for (const listed& each : all_that_runs())
      all.push_back({{"name", each.name}, {"kind", each.kind}, {"summary", each.summary}});
    return all.dump(2) + '\n';
  }
  const std::vector<listed> all = all_that_runs();
  std::size_t before = 0; // columns before the summary
  for (const listed& each : all)
    before = std::max(before, each.name.size() + std::string_view{"  topology  "}.size());
  const std::size_t room = columns.value_or(std::string::npos);
  text_table table{{{"name"}, {"kind"}, {""}}};
  for (const listed& each : all)
    table.add({each.name, each.kind, shortened(each.summary, room > before ? room - before : 0)});
  return table.text() +
         "\nRun one with `troupe run NAME`. `troupe help run NAME` explains it, and `troupe graph NAME` draws a "
         "topology.\n";
}

void listing_command_line::add_options(CLI::App& to) {
  to.add_flag("--json", as_json_, "print them as JSON");
  to.add_flag("--kinds", kinds_, "the kinds of nodes that topology files may have, instead");
}

command listing_command_line::asked() const {
  if (kinds_)
    return list_kinds{as_json_};
  return list_names{as_json_};
}

} // namespace troupe::tools
