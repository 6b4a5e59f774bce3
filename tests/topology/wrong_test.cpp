#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <cstdlib>
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
  CHECK(restarts_max("some") == 6);
  CHECK(restarts_max("none") == 300);
}
