#include <troupe/testing/violation.hpp>

#include <tests/catch.hpp>

#include <set>
#include <stdexcept>
#include <string>

using namespace troupe;

TEST_CASE("each invariant has a number and a name, and either means it", "[testing]") {
  std::set<std::string> names;
  for (std::size_t i = 1; i < invariants_count; ++i) {
    const auto which = static_cast<invariant>(i);
    const std::string text = to_string(which);
    names.insert(text);
    CHECK(invariant_of("INV-" + std::to_string(i)) == which);
    CHECK(invariant_of(text.substr(text.find(' ') + 1)) == which);
  }
  CHECK(names.size() == invariants_count - 1);
  CHECK(to_string(invariant::no_stranded_wait) == "INV-5 no_stranded_wait");
  CHECK(to_string(invariant::own) == "own");
  CHECK_THROWS_AS(invariant_of("INV-27"), std::invalid_argument);
  CHECK_THROWS_AS(invariant_of("fifth"), std::invalid_argument);
}

TEST_CASE("a verdict keeps the first things that are wrong, and counts looks over all runs", "[testing]") {
  verdict found;
  CHECK(found.good());
  for (std::size_t i = 0; i < 2 * verdict::violations_max; ++i)
    found.violated(invariant::fifo, std::to_string(i));
  CHECK_FALSE(found.good());
  REQUIRE(found.violations().size() == verdict::violations_max);
  CHECK(found.violations().front().what == "0");
  found.looked(invariant::fifo);
  found.begin_run();
  CHECK(found.good());
  found.looked(invariant::fifo);
  CHECK(found.looks(invariant::fifo) == 2);
}
