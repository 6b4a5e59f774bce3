#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/picture.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <cstdlib>

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

TEST_CASE("deadlocks that other projects had are errors that name the cycle", "[topology][C4][C5]") {
  for (const auto& path : files::in("deadlocks")) {
    INFO(path.filename());
    const std::string text = files::read(path);
    const parsed made = parse(text, standard_kinds());
    REQUIRE(made.what);
    const checked seen = check(*made.what, standard_kinds());
    INFO(render(seen.findings, text, path.filename().string()));
    REQUIRE(has_errors(seen.findings));
    CHECK(files::findings_of(text, "f").find("each waits for the next") != std::string::npos);
    CHECK(to_dot(*made.what).find("->") != std::string::npos);
    CHECK(to_mermaid(*made.what).find("flowchart") == 0);
  }
}
