#include <tests/programs/runs.hpp>
#include <tests/programs/shrink.hpp>

#include <tests/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

using namespace troupe;
using namespace troupe::tests;

namespace {

/// The first program whose books are found to be wrong, and how many were run before; -1 when none is.
int programs_until_noticed(fault spoiled_by) {
  for (int seed = 0; seed < 100; ++seed) {
    const program of = program::from_seed(static_cast<std::uint64_t>(seed));
    for (std::size_t i = 0; i < 4; ++i)
      if (!simulate(of, schedule_of(of, i), false, spoiled_by).problems.empty())
        return seed;
  }
  return -1;
}

} // namespace

TEST_CASE("a random program is the same for the same seed, and another for another", "[programs]") {
  std::set<std::string> all;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const std::string text = program::from_seed(seed).describe();
    CHECK(text == program::from_seed(seed).describe());
    all.insert(text.substr(text.find('\n'))); // the first line has the seed
  }
  CHECK(all.size() > 95);
}

TEST_CASE("random programs have every statement, in every way, on mailboxes of every kind", "[programs]") {
  std::set<verb> verbs;
  std::set<int> ways[3];
  std::set<overflow> strategies;
  std::size_t inboxes = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const program of = program::from_seed(seed);
    for (const box_plan& box : of.boxes) {
      strategies.insert(box.on_full);
      inboxes += box.one_reader ? 1 : 0;
    }
    for_each_statement(of.body, [&](const statement& s) {
      verbs.insert(s.what);
      if (s.what == verb::send)
        ways[0].insert(s.way);
      else if (s.what == verb::receive)
        ways[1].insert(s.way);
      else if (s.what == verb::start)
        ways[2].insert(s.way);
    });
  }
  CHECK(verbs.size() == static_cast<std::size_t>(verb::repeat) + 1);
  CHECK(ways[0].size() == 4);
  CHECK(ways[1].size() == 5);
  CHECK(ways[2].size() == 4);
  CHECK(strategies.size() == 5);
  CHECK(inboxes > 0);
}

TEST_CASE("books of random programs that were spoiled are noticed", "[programs]") {
  CHECK(programs_until_noticed(fault::none) == -1);
  for (const fault each : {fault::forgets_a_drop, fault::ends_twice, fault::keeps_an_item, fault::keeps_a_sender}) {
    const int noticed = programs_until_noticed(each);
    INFO("fault " << static_cast<int>(each) << " after " << noticed);
    CHECK(noticed >= 0);
    CHECK(noticed < 20);
  }
}

TEST_CASE("a random program that fails is made smaller as long as it fails", "[programs]") {
  const auto handles_an_item_twice = [](const program& p) {
    return !simulate(p, schedule_of(p, 0), false, fault::ends_twice).problems.empty();
  };
  program of = program::from_seed(0);
  for (std::uint64_t seed = 1; of.size() < 20 || !handles_an_item_twice(of); ++seed) {
    REQUIRE(seed < 100);
    of = program::from_seed(seed);
  }
  const program small = shrunk(of, handles_an_item_twice);
  INFO(small.describe());
  CHECK(handles_an_item_twice(small));
  CHECK(small.size() <= 6); // a consumer that drains, and a fiber that sends, perhaps in blocks
  CHECK(small.size() < of.size() / 2);
}
