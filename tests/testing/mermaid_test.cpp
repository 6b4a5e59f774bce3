#include <troupe/testing/mermaid.hpp>

#include <tests/catch.hpp>
#include <tests/testing/crashing_actors.hpp>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("a run as a Mermaid diagram has participants, what they sent, and what became of them", "[testing]") {
  const kept_run run{crashing_actors};
  CHECK(to_mermaid(run.seen()) == "?");
}
