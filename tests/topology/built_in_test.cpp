// The topologies that come with the program do what they say.

#include <troupe/simulation/simulator.hpp>
#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::topology;

namespace {

std::vector<std::filesystem::path> built_in() { return tests::topology_files::in("../../topologies"); }

description read(const std::filesystem::path& path) {
  const std::string text = tests::topology_files::read(path);
  const parsed made = parse(text, standard_kinds());
  INFO(render(made.findings, text, path.filename().string()));
  REQUIRE(made.what);
  return *made.what;
}

std::string text_of(const report& came) {
  std::string text = fmt::format("it ended as {} after {} ms, {}\n", to_string(came.ended),
                                 std::chrono::duration_cast<std::chrono::milliseconds>(came.took).count(), came.text);
  for (const edge_counts& each : came.edges) {
    for (const std::string_view name : names_of_edge_counts())
      if (const auto count = count_of(each, name).value_or(0); count != 0)
        text += fmt::format("{} {} = {}; ", each.name, name, count);
    text += '\n';
  }
  for (const node_counts& each : came.nodes) {
    for (const std::string_view name : names_of_node_counts())
      if (const auto count = count_of(each, name).value_or(0); count != 0)
        text += fmt::format("{} {} = {}; ", each.name, name, count);
    for (const auto& [name, count] : each.counters)
      text += fmt::format("{} {} = {}; ", each.name, name, count);
    text += each.last_error + '\n';
  }
  for (const supervisor_counts& each : came.supervisors)
    text += fmt::format("{}: {} runs, gave up {} times\n", each.name, each.runs, each.gave_up);
  return text;
}

} // namespace

TEST_CASE("each built-in topology is in order, and says what to look at", "[topology]") {
  CHECK(built_in().size() == 9);
  const kinds known = standard_kinds();
  for (const std::filesystem::path& each : built_in()) {
    const std::string name = each.stem().string();
    const description what = read(each);
    CHECK(!what.title.empty());
    CHECK(what.watch.ends_with('.'));
    std::string rules;
    for (const finding& found : check(what, known).findings)
      rules += fmt::format("{}: {}\n", found.rule, found.how == severity::error ? "error" : "warning");
    INFO(name);
    CHECK(rules == (name == "ask-cycle" ? "ask-cycle: warning\n" : ""));
  }
}

TEST_CASE("each built-in topology does what it expects of itself, in any order, and its books balance", "[topology]") {
  const kinds known = standard_kinds();
  for (const std::filesystem::path& each : built_in()) {
    const description what = read(each);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      running all{what, known};
      simulator simulated{{.seed = seed}};
      simulated.run([&]() -> task<> { co_await run(all); }).value();
      const report came = all.result();
      INFO(each.stem().string() << ", seed " << seed << ": " << text_of(came));
      CHECK(came.unbalanced == std::vector<std::string>{});
      CHECK(came.unexpected == std::vector<std::string>{});
    }
  }
}
