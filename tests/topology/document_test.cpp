// docs/topology.md has a row for each key that a file may have.

#include <troupe/topology/kinds.hpp>
#include <troupe/topology/parameter.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/report.hpp>
#include <troupe/topology/words.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <cstddef>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace troupe;
using namespace troupe::topology;

namespace {

/// The rows below a heading of the document, up to the next heading, a line each.
std::string section(const std::string& heading) {
  static const std::string document =
      tests::topology_files::read(std::filesystem::path{__FILE__}.parent_path() / "../../docs/topology.md");
  const std::size_t begin = document.find("\n### " + heading + "\n");
  INFO(heading);
  REQUIRE(begin != document.npos);
  return document.substr(begin, document.find("\n#", begin + 1) - begin);
}

/// The keys that a table may have: those that the reader offers for one that is like none of them.
std::vector<std::string> keys_of(const std::string& before) {
  const parsed made = parse(before + "\nq7q7q7q7q7q7q7q7q7q7 = 1\n", standard_kinds());
  for (const finding& each : made.findings)
    if (each.rule == "unknown-key") {
      INFO(each.remedy);
      const std::string_view one_of = "one of ";
      REQUIRE(each.remedy.starts_with(one_of));
      REQUIRE(each.remedy.find(" more") == each.remedy.npos);
      std::vector<std::string> keys;
      std::istringstream words{each.remedy.substr(one_of.size())};
      for (std::string word; words >> word;)
        keys.push_back(word.substr(0, word.find(',')));
      return keys;
    }
  FAIL("every key is known in " << before);
  return {};
}

std::string written(const parameter& of) {
  struct {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::uint64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return std::to_string(value); }
    std::string operator()(duration value) const { return '"' + write_time(value) + '"'; }
    std::string operator()(const std::string& value) const { return '"' + value + '"'; }
  } const write;
  return std::visit(write, of.fallback);
}

} // namespace

TEST_CASE("the document of topology files has a row for each key of each table", "[topology]") {
  const std::string one = "[node.n]\nkind = \"worker\"\n";
  const std::string two = one + "[node.m]\nkind = \"sink\"\n[[edge]]\nfrom = \"n\"\nto = \"m\"\n";
  const std::vector<std::pair<std::string, std::string>> tables{
      {"`[run]`", "[run]"},
      {"`[supervisor.NAME]`", "[supervisor.s]"},
      {"`backoff` of a supervisor", "[supervisor.s.backoff]"},
      {"`budget` of a supervisor", "[supervisor.s.budget]"},
      {"`faults` of a node", one + "[node.n.faults]"},
      {"`[[edge]]`", "[[edge]]"},
      {"`[expect]`", one + "[expect]"},
      {"`[expect.node.NAME]`", two + "[expect.node.m]"},
      {"`[expect.supervisor.NAME]`", one + "[expect.supervisor.app]"},
      {"`[expect.edge.\"A -> B\"]`", two + "[expect.edge.\"n -> m\"]"},
  };
  for (const auto& [heading, text] : tables) {
    const std::string rows = section(heading);
    for (const std::string& key : keys_of(text)) {
      INFO(heading << ": " << key);
      CHECK(rows.find("\n| `" + key + "` | ") != rows.npos);
    }
  }
}

TEST_CASE("the document of topology files has each key of each kind, with its type and default", "[topology]") {
  const std::string of_all = section("`[node.NAME]`"), of_kinds = section("Keys of the kinds");
  const std::string of_counters = section("`[expect.node.NAME]`");
  for (const std::string& key : keys_of("[node.n]\nkind = \"sink\"")) {
    const bool is_of_kind = key == "work" || key == "busy" || key == "commit";
    INFO(key);
    CHECK((is_of_kind || of_all.find("\n| `" + key + "` | ") != of_all.npos));
  }
  const kinds known = standard_kinds();
  for (const kind* const each : known.all()) {
    CHECK(of_kinds.find("\n| `" + each->name + "` | ") != of_kinds.npos);
    for (const parameter& key : each->parameters) {
      const std::string row = "\n| `" + each->name + "` | `" + key.name + "` | " + std::string(to_string(key.type)) +
                              " | `" + written(key) + "` | " + key.what + " |\n";
      INFO("missing:" << row);
      CHECK(of_kinds.find(row) != of_kinds.npos);
    }
    for (const std::string& counter : each->counters) {
      INFO(each->name << " counts " << counter);
      CHECK(of_counters.find("\n| `" + each->name + "` | `" + counter + "` | ") != of_counters.npos);
    }
  }
}
