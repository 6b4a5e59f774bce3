// What a topology file expects of its run.

#include <troupe/topology/file_reader.hpp>
#include <troupe/topology/report.hpp>
#include <troupe/topology/spellings.hpp>
#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <utility>

namespace troupe::topology {

void file_reader::read_expectation(const text_value& table, position at) {
  table_reader from{table, at, "[expect]", wrong_};
  made_.expect.at = at;
  made_.expect.keys = from.keys();
  read_ending(from);
  if (const text_value* const nodes = from.read_table("node"))
    read_expected_nodes(*nodes);
  if (const text_value* const supervisors = from.read_table("supervisor"))
    read_expected_supervisors(*supervisors);
  if (const text_value* const edges = from.read_table("edge"))
    read_expected_edges(*edges);
  from.finish();
}

void file_reader::read_ending(table_reader& from) {
  expectation& to = made_.expect;
  ending_kind ends{};
  if (from.read_word("ends", ends, endings()))
    to.ends = ends;
  const auto needs = [&](std::string_view key, ending_kind wanted) {
    if (from.has("ends") && to.ends != wanted)
      wrong_.error(from.of(key), "bad-expectation",
                   fmt::format("{} is expected of a run that ends otherwise", quoted(key)),
                   fmt::format("ends = {}", quoted(to_string(wanted))));
    to.ends = wanted;
  };
  if (from.read("gives_up", to.gives_up)) {
    needs("gives_up", ending_kind::gives_up);
    if (!supervisors_.contains(to.gives_up))
      unknown_name(from.take("gives_up")->at, "supervisor", to.gives_up, supervisors_);
  }
  if (from.read_names("cycle", to.cycle)) {
    needs("cycle", ending_kind::would_deadlock);
    for (const std::string& each : to.cycle)
      if (!nodes_.contains(each))
        unknown_name(from.take("cycle")->at, "node", each, nodes_);
  }
  from.read("error", to.error);
}

void file_reader::read_counts(const text_entry& entry, std::string what, std::size_t whose,
                              const std::vector<std::string_view>& known, std::vector<expected_count>& to) {
  table_reader from{entry.value, entry.at, std::move(what), wrong_};
  for (const std::string_view each : known) {
    expected_count wanted{whose, std::string(each), {}, from.of(each)};
    if (from.read_range(each, wanted.in))
      to.push_back(std::move(wanted));
  }
  from.finish();
}

void file_reader::read_expected_nodes(const text_value& table) {
  for (const text_entry& each : table.entries) {
    const auto found = nodes_.find(each.key);
    if (found == nodes_.end()) {
      unknown_name(each.at, "node", each.key, nodes_);
      continue;
    }
    std::vector<std::string_view> known(names_of_node_counts().begin(), names_of_node_counts().end());
    if (const kind* const is = kinds_.find(made_.nodes[found->second].kind))
      known.insert(known.end(), is->counters.begin(), is->counters.end());
    read_counts(each, fmt::format("what is expected of node {}", quoted(each.key)), found->second, known,
                made_.expect.nodes);
  }
}

void file_reader::read_expected_supervisors(const text_value& table) {
  const std::vector<std::string_view> known(names_of_supervisor_counts().begin(), names_of_supervisor_counts().end());
  for (const text_entry& each : table.entries) {
    const auto found = supervisors_.find(each.key);
    if (found == supervisors_.end())
      unknown_name(each.at, "supervisor", each.key, supervisors_);
    else
      read_counts(each, fmt::format("what is expected of supervisor {}", quoted(each.key)), found->second, known,
                  made_.expect.supervisors);
  }
}

void file_reader::read_expected_edges(const text_value& table) {
  const std::vector<std::string_view> known(names_of_edge_counts().begin(), names_of_edge_counts().end());
  for (const text_entry& each : table.entries) {
    const auto found = edges_.find(each.key);
    if (found == edges_.end())
      unknown_name(each.at, "edge", each.key, edges_);
    else
      read_counts(each, fmt::format("what is expected of edge {}", quoted(each.key)), found->second, known,
                  made_.expect.edges);
  }
}

} // namespace troupe::topology
