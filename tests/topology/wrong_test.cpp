#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

using namespace troupe::topology;
namespace files = troupe::tests::topology_files;

TEST_CASE("each wrong file gives the findings that stand beside it, byte by byte", "[topology]") {
  for (const auto& path : files::in("wrong")) {
    const std::string text = files::read(path);
    const std::string rendered = files::findings_of(text, path.filename().string());
    std::filesystem::path beside = path;
    beside.replace_extension(".expected");
    if (std::getenv("TROUPE_WRITE_EXPECTED") != nullptr) // for who changes a message, and then looks at the difference
      std::ofstream{beside} << rendered;
    INFO(path.filename());
    CHECK_FALSE(rendered.empty());
    CHECK(rendered == files::read(beside));
  }
}

TEST_CASE("a file that is too large is not read, and told how large one may be", "[topology]") {
  const std::string text(limits::bytes_max + 1, '\n');
  CHECK(files::findings_of(text, "large.toml") == files::read(files::folder("wrong") / "too_large.expected"));
  CHECK(files::findings_of(text.substr(1), "large.toml").find("[no-nodes]") != text.npos);
}

TEST_CASE("each rule that is documented has a wrong file", "[topology]") {
  const std::string document = files::read(files::folder("../../docs") / "topology.md");
  std::string found;
  for (const auto& each : std::filesystem::directory_iterator{files::folder("wrong")})
    if (each.path().extension() == ".expected")
      found += files::read(each.path());
  const std::size_t table = document.find("\n| rule | says |\n");
  REQUIRE(table != document.npos);
  std::istringstream rows{document.substr(table + 1)};
  std::size_t rules = 0;
  for (std::string row; std::getline(rows, row) && row.starts_with('|');) {
    const std::string first = row.substr(0, row.find('|', 1)); // "| `send-cycle`, `ask-cycle` "
    for (std::size_t at = first.find('`'); at != first.npos; at = first.find('`', at + 1)) {
      const std::size_t end = first.find('`', at + 1);
      const std::string rule = first.substr(at + 1, end - at - 1);
      INFO(rule);
      CHECK(found.find(" [" + rule + "]\n") != found.npos);
      ++rules;
      at = end;
    }
  }
  CHECK(rules > 30);
}

TEST_CASE("a supervisor without nodes adds nothing to the restarts that one node may have", "[topology]") {
  const kinds known = standard_kinds();
  const auto restarts_max = [&](const std::string& under) {
    const parsed made = parse("[supervisor.app]\nintensity = 2\n"
                              "[supervisor.some]\nintensity = 3\n"
                              "[supervisor.none]\nintensity = 50\nunder = \"some\"\n"
                              "[node.works]\nkind = \"worker\"\nunder = \"" +
                                  under + "\"\n",
                              known);
    REQUIRE(made.what);
    return check(*made.what, known).known.restarts_max;
  };
  CHECK(restarts_max("app") == 2);
  CHECK(restarts_max("some") == 3 * 4 - 1);
  CHECK(restarts_max("none") == 3 * 4 * 51 - 1);
}

TEST_CASE("what is told of restarts is what a run can have, and no more than a budget allows", "[topology]") {
  const kinds known = standard_kinds();
  const auto restarts_max = [&](const std::string& of_root, const std::string& of_unit) {
    const parsed made = parse("[supervisor.app]\n" + of_root + "[supervisor.unit]\nunder = \"app\"\n" + of_unit +
                                  "[node.w]\nkind = \"worker\"\nunder = \"unit\"\nfaults = { crash_every = 1 }\n",
                              known);
    REQUIRE(made.what);
    const std::uint64_t told = check(*made.what, known).known.restarts_max;
    if (told < 100) // it crashes for ever, so it has all of them
      CHECK(files::run_once(*made.what, 0).nodes[0].restarts == told);
    return told;
  };
  CHECK(restarts_max("", "") == 3);
  CHECK(restarts_max("intensity = 2\n", "intensity = 4\n") == 3 * 5 - 1);
  CHECK(restarts_max("intensity = 9\nbudget = { intensity = 20 }\n", "intensity = 9\n") == 20);
  CHECK(restarts_max("intensity = 2\n", "intensity = 9\nbudget = { intensity = 4 }\n") == 3 * 5 - 1);
  CHECK(restarts_max("intensity = 1000\nbudget = { intensity = 1000000 }\n", "intensity = 9000\n") == 1'000'000);
}
