#include <troupe/program/books.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>
#include <troupe/program/topology_report.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

namespace troupe::tools {

namespace {

using align = text_table::align;

std::string edges_of(const topology::report& of) {
  text_table table{{{"edge"},
                    {"how"},
                    {"offered", align::right},
                    {"handled", align::right},
                    {"dropped", align::right},
                    {"most waiting", align::right},
                    {"why dropped"}}};
  for (const topology::edge_counts& each : of.edges)
    table.add({each.name, std::string{to_string(each.how)}, std::to_string(each.offered),
               std::to_string(each.counts.handled), std::to_string(each.dropped()),
               fmt::format("{}/{}", each.counts.depth_max, each.counts.capacity), dropped_by_reason(each.counts)});
  return table.text();
}

/// What else a file may expect of it: what came of its asks, and what its kind counts.
std::string counted_by(const topology::node_counts& node) {
  std::string text;
  const auto add = [&text](std::string_view what, std::uint64_t count) {
    if (count != 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add("answers", node.answers);
  add("failed_asks", node.failed_asks);
  for (const auto& [what, count] : node.counters)
    add(what, count);
  return text.empty() ? "nothing" : text;
}

std::string nodes_of(const topology::report& of) {
  text_table table{{{"node"},
                    {"kind"},
                    {"runs", align::right},
                    {"crashes", align::right},
                    {"handled", align::right},
                    {"late", align::right},
                    {"also counted"},
                    {"last error"}}};
  for (const topology::node_counts& each : of.nodes)
    table.add({each.name, each.kind, std::to_string(each.runs), std::to_string(each.crashes),
               std::to_string(each.handled), std::to_string(each.late), counted_by(each), printable(each.last_error)});
  return table.text();
}

} // namespace

std::string text_of(const topology::report& of, const topology::expectation& wanted, const std::string& partial) {
  std::string text = edges_of(of) + '\n' + nodes_of(of) + '\n';
  text += fmt::format("ended: {}{}, after {}\n", to_string(of.ended),
                      of.gave_up.empty() ? "" : fmt::format(" ({})", of.gave_up), human_duration(of.took));
  if (!of.text.empty())
    text += fmt::format("       {}\n", printable(of.text, 400));
  if (!partial.empty())
    return text + partial + "; what it expects of itself was not looked at\n";
  for (const std::string& each : of.unexpected)
    text += "not as expected: " + each + '\n';
  if (of.unexpected.empty())
    text += wanted.empty() ? "nothing was expected of it: it has no [expect]\n" : "as expected\n";
  return text;
}

std::string json_of(const topology::report& of) {
  using nlohmann::json;
  json all{{"ended", to_string(of.ended)},
           {"seconds", std::chrono::duration<double>(of.took).count()},
           {"text", of.text},
           {"gave_up", of.gave_up},
           {"unexpected", of.unexpected},
           {"unbalanced", of.unbalanced},
           {"edges", json::array()},
           {"nodes", json::array()},
           {"supervisors", json::array()}};
  for (const topology::edge_counts& each : of.edges) {
    json one{{"name", each.name},
             {"how", to_string(each.how)},
             {"offered", each.offered},
             {"handled", each.counts.handled},
             {"dropped", each.dropped()},
             {"depth_max", each.counts.depth_max},
             {"capacity", each.counts.capacity}};
    for (std::size_t i = 0; i < drop_reasons; ++i)
      if (const std::uint64_t count = each.counts.dropped[i]; count != 0)
        one["dropped_by"][std::string{to_string(static_cast<drop_reason>(i))}] = count;
    all["edges"].push_back(std::move(one));
  }
  for (const topology::node_counts& each : of.nodes) {
    json one;
    one["name"] = each.name;
    one["kind"] = each.kind;
    for (const std::string_view what : topology::names_of_node_counts())
      if (const auto count = count_of(each, what))
        one[std::string{what}] = *count;
    one["counters"] =
        each.counters.empty() ? json::object() : json(std::map(each.counters.begin(), each.counters.end()));
    all["nodes"].push_back(std::move(one));
  }
  for (const topology::supervisor_counts& each : of.supervisors)
    all["supervisors"].push_back(
        {{"name", each.name}, {"runs", each.runs}, {"restarts", each.restarts}, {"gave_up", each.gave_up}});
  // What comes from users may be no UTF-8.
  return all.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace troupe::tools
