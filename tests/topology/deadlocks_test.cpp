#include <troupe/topology/waiting_cycles.hpp>

#include <troupe/simulation/simulator.hpp>
#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/picture.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

using namespace troupe;
using namespace troupe::topology;
namespace files = troupe::tests::topology_files;

TEST_CASE("deadlocks that other projects had are errors that name the cycle", "[topology][C4][C5]") {
  const auto all = files::in("deadlocks");
  CHECK(all.size() >= 20);
  for (const auto& path : all) {
    INFO(path.filename());
    description what = files::parsed(path);
    const std::vector<std::string> nodes = what.expect.cycle;
    what.expect = {}; // who expects a cycle is only warned
    std::string rendered;
    for (const finding& each : check(what, standard_kinds()).findings) {
      CHECK(each.how == severity::error);
      rendered += each.what + '\n';
    }
    INFO(rendered);
    CHECK(rendered.find("each waits for the next, and so for itself: ") == 0);
    for (const std::string& each : nodes)
      CHECK(rendered.find(each + " (") != rendered.npos);
    CHECK(to_dot(what).find("->") != std::string::npos);
    CHECK(to_mermaid(what).find("flowchart") == 0);
  }
}

TEST_CASE("deadlocks that other projects had fail within a second where they are run, with the cycle",
          "[topology][C4]") {
  std::size_t run_all = 0;
  for (const auto& path : files::in("deadlocks")) {
    const description what = files::parsed(path);
    if (!what.expect.ends) // of several that share a mailbox: its first lines say why
      continue;
    ++run_all;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const report came = files::run_once(what, seed);
      INFO(path.filename() << ", seed " << seed << ": " << to_string(came.ended) << " " << came.text);
      CHECK(came.ended == ending_kind::would_deadlock);
      CHECK(came.text.find("->") != std::string::npos);
      CHECK(came.took < std::chrono::seconds{1});
      CHECK(came.unexpected == std::vector<std::string>{});
      CHECK(came.unbalanced == std::vector<std::string>{});
    }
  }
  CHECK(run_all >= 20);
}
