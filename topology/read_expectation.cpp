// What a topology file expects of its run.

#include <troupe/topology/file_reader.hpp>
#include <troupe/topology/report.hpp>
#include <troupe/topology/spellings.hpp>
#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <span>
#include <utility>

namespace troupe::topology {

namespace {

std::vector<std::string_view> listed(std::span<const std::string_view> names) { return {names.begin(), names.end()}; }

} // namespace

template <class NamesOf>
void file_reader::read_expected(const text_value* table, const char* sort, const index_by_name& there, NamesOf names_of,
                                std::vector<expected_count>& to) {
  if (table == nullptr)
    return;
  for (const text_entry& each : table->entries) {
    const auto found = there.find(each.key);
    if (found == there.end())
      unknown_name(each.at, sort, each.key, there);
    else
      read_counts(each, fmt::format("what is expected of {} {}", sort, quoted(each.key)), found->second,
                  names_of(found->second), to);
  }
}

void file_reader::read_expectation(const text_value& table, position at) {
  table_reader from{table, at, "[expect]", wrong_};
  made_.expect.at = at;
  made_.expect.keys = from.keys();
  read_ending(from);
  read_expected(
      from.read_table("node"), "node", nodes_,
      [this](std::size_t index) {
        std::vector<std::string_view> known = listed(names_of_node_counts());
        if (const kind* const is = kinds_.find(made_.nodes[index].kind))
          known.insert(known.end(), is->counters.begin(), is->counters.end());
        return known;
      },
      made_.expect.nodes);
  read_expected(
      from.read_table("supervisor"), "supervisor", supervisors_,
      [](std::size_t) { return listed(names_of_supervisor_counts()); }, made_.expect.supervisors);
  read_expected(
      from.read_table("edge"), "edge", edges_, [](std::size_t) { return listed(names_of_edge_counts()); },
      made_.expect.edges);
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

} // namespace troupe::topology
