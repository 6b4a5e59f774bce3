#include <troupe/topology/kinds.hpp>

#include <troupe/simulation/simulator.hpp>
#include <troupe/topology/node.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>

#include <stdexcept>

using namespace troupe;
using namespace troupe::topology;

namespace {

task<> count_up(node& here) {
  for (std::uint64_t i = 0; i < here.count("steps"); ++i)
    here.add("counted");
  co_return;
}

kinds with_counter() {
  kinds known = standard_kinds();
  known.add({.name = "counter",
             .what = "Counts up.",
             .parameters = {{.name = "steps", .fallback = std::uint64_t{3}, .what = "How far."}},
             .counters = {"counted"}},
            count_up);
  return known;
}

} // namespace

TEST_CASE("a kind that a program adds by one call is read, run and counted as the others are", "[topology]") {
  const kinds known = with_counter();
  const parsed made =
      parse("[node.c]\nkind = \"counter\"\ncount = 2\nsteps = 5\n[expect.node.c]\ncounted = 10\n", known);
  REQUIRE(made.what);
  running all{*made.what, known};
  simulator simulated;
  simulated.run([&]() -> task<> { co_await run(all); }).value();
  CHECK(all.result().ended == ending_kind::normal);
  CHECK(all.result().unexpected == std::vector<std::string>{});
}

TEST_CASE("a kind is refused whose name is taken, or whose parameter is a key of every node", "[topology]") {
  kinds known = with_counter();
  CHECK_THROWS_AS(known.add({.name = "counter"}, count_up), std::invalid_argument);
  CHECK_THROWS_AS(
      known.add({.name = "other", .parameters = {{.name = "count", .fallback = std::uint64_t{1}}}}, count_up),
      std::invalid_argument);
}
