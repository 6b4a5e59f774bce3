#include <troupe/topology/check.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::topology;
namespace files = troupe::tests::topology_files;

TEST_CASE("what looks like a deadlock and is none passes the check, and runs to the end that is expected of it",
          "[topology][C4][C5]") {
  const auto all = files::in("sound");
  CHECK(all.size() >= 20);
  for (const auto& path : all) {
    INFO(path.filename());
    const description what = files::parsed(path);
    std::vector<finding> findings = check(what, standard_kinds()).findings;
    if (path.stem() == "reentrant_callee") { // under another load all of its slots may wait
      REQUIRE(findings.size() == 1);
      CHECK(findings[0].rule == "slots-cycle");
      findings.clear();
    }
    CHECK(render(findings, files::read(path), path.filename().string()) == "");
    CHECK(what.expect.ends);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const report came = files::run_once(what, seed);
      INFO("seed " << seed << ": " << to_string(came.ended) << " " << came.text);
      CHECK(came.unexpected == std::vector<std::string>{});
      CHECK(came.unbalanced == std::vector<std::string>{});
    }
  }
}
