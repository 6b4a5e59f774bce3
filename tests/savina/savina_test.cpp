#include <tests/savina/programs.hpp>

#include <tests/savina/concurrency.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

using namespace troupe;
using namespace troupe::savina;
using troupe::tests::over_seeds;

namespace {

constexpr std::size_t capacities[] = {1, setting{}.capacity};

/// Runs it in schedules of both clocks, with mailboxes for one message and for many: it finds nothing wrong.
void require_right(std::string_view id) {
  over_seeds(20, [&](const simulation_options& options) {
    for (const std::size_t capacity : capacities) {
      INFO("capacity " << capacity);
      simulator simulated{options};
      outcome<findings> ended =
          simulated.run(program_of(id).run, scale::small, setting{.capacity = capacity, .seed = options.seed + 1});
      if (ended.has_error())
        FAIL(message_of(ended.error()));
      REQUIRE(ended.has_value());
      CHECK(ended.value().text() == "");
    }
  });
}

} // namespace

TEST_CASE("two actors ping and pong, each time once and in order", "[savina][SV-01]") { require_right("SV-01"); }

TEST_CASE("a counter counts every message of a flood once", "[savina][SV-02]") { require_right("SV-02"); }

TEST_CASE("each of many actors that are flooded in turns handles what it was sent, in order", "[savina][SV-03]") {
  require_right("SV-03");
}

TEST_CASE("actors that are made for one message all begin, get it and end", "[savina][SV-04]") {
  require_right("SV-04");
}

TEST_CASE("a token goes round a ring of actors, and all of them leave", "[savina][SV-05]") { require_right("SV-05"); }

TEST_CASE("creatures that meet in a mall agree on whom they have met", "[savina][SV-06]") { require_right("SV-06"); }

TEST_CASE("actors that ping each other get each pong from whom they have pinged", "[savina][SV-07]") {
  require_right("SV-07");
}

TEST_CASE("what clients see of a dictionary is linearizable", "[savina][SV-08]") { require_right("SV-08"); }

TEST_CASE("what clients see of a sorted list is linearizable, and the list stays sorted", "[savina][SV-09]") {
  require_right("SV-09");
}

TEST_CASE("a manager with a bounded buffer gives each item to one consumer, and never buffers more",
          "[savina][SV-10]") {
  require_right("SV-10");
}

TEST_CASE("philosophers with an arbiter all eat, and no fork is used twice at once", "[savina][SV-11]") {
  require_right("SV-11");
}

TEST_CASE("a barber cuts the hair of every customer once, also of those who found no chair", "[savina][SV-12]") {
  require_right("SV-12");
}

TEST_CASE("an arbiter lets just one smoker begin in each round", "[savina][SV-13]") { require_right("SV-13"); }

TEST_CASE("series whose terms others compute give the sum of a sequential computation", "[savina][SV-14]") {
  require_right("SV-14");
}

TEST_CASE("transfers between accounts that are ordered keep every balance exact", "[savina][SV-15]") {
  require_right("SV-15");
}
