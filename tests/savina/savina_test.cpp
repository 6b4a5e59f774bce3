#include <tests/savina/programs.hpp>

#include <tests/savina/nested_asks.hpp>
#include <tests/savina/runs.hpp>
#include <tests/savina/workers.hpp>

#include <tests/simulation/seeded_runs.hpp>

#include <functional>

using namespace troupe;
using namespace troupe::savina;
using troupe::tests::over_seeds;

namespace {

/// Runs it in schedules of both clocks, with mailboxes for one message and for many: it finds nothing wrong.
void require_right(std::string_view id) {
  over_seeds(30, [&](const simulation_options& options) {
    for (const std::size_t capacity : capacities) {
      INFO("capacity " << capacity);
      simulator simulated{options};
      require_nothing_wrong(
          simulated.run(program_of(id).run, scale::small, setting{.capacity = capacity, .seed = options.seed + 1}));
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

TEST_CASE("transfers in any order are refused where they would wait for themselves, and keep every balance exact",
          "[savina][SV-15]") {
  std::size_t refused_in_all = 0;
  over_seeds(20, [&](const simulation_options& options) {
    for (const std::size_t capacity : capacities) {
      INFO("capacity " << capacity);
      std::size_t refused = 0;
      simulator simulated{options};
      require_nothing_wrong(simulated.run(banking_in_any_order,
                                          banking_size{.accounts = 4, .transfers = 40, .tellers = 4},
                                          setting{.capacity = capacity, .seed = options.seed + 1}, std::ref(refused)));
      refused_in_all += refused;
    }
  });
  CHECK(refused_in_all > 0); // else no cycle was ever about to close
}

TEST_CASE("a pipeline with a stage for each bit sorts what flows through it", "[savina][SV-16]") {
  require_right("SV-16");
}

TEST_CASE("a bank of filters gives the output of a sequential computation", "[savina][SV-17]") {
  require_right("SV-17");
}

TEST_CASE("a pipeline that grows finds each prime", "[savina][SV-18]") { require_right("SV-18"); }

TEST_CASE("a tree whose shape is drawn has the nodes that an arbiter lets it have", "[savina][SV-19]") {
  require_right("SV-19");
}

TEST_CASE("a tree that splits where points come to serves each of them", "[savina][SV-20]") { require_right("SV-20"); }

TEST_CASE("an area in pieces is that of a sequential computation", "[savina][SV-21]") { require_right("SV-21"); }

TEST_CASE("workers that add up terms find the digits of pi", "[savina][SV-22]") { require_right("SV-22"); }

TEST_CASE("a product of matrices that is divided again and again is exact", "[savina][SV-23]") {
  require_right("SV-23");
}

TEST_CASE("a tree of sorting actors sorts", "[savina][SV-24]") { require_right("SV-24"); }

TEST_CASE("blocks that tell each other of their shortest ways find the shortest of all", "[savina][SV-25]") {
  require_right("SV-25");
}

TEST_CASE("points that take turns relax as in a sequential computation", "[savina][SV-26]") { require_right("SV-26"); }

TEST_CASE("workers that search find a way where there is one, and all of them leave", "[savina][SV-27]") {
  require_right("SV-27");
}

TEST_CASE("workers that place queens find each solution", "[savina][SV-28]") { require_right("SV-28"); }

TEST_CASE("an actor for each call gives the number, and all of them are gone", "[savina][SV-29]") {
  require_right("SV-29");
}

TEST_CASE("a network of comparators sorts what flows through it", "[savina][SV-30]") { require_right("SV-30"); }

TEST_CASE("workers stop when they have found as many placements of queens as wanted", "[savina][SV-28]") {
  over_seeds(20, [&](const simulation_options& options) {
    simulator simulated{options};
    require_nothing_wrong(simulated.run(queens, queens_size{.side = 7, .limit = 15, .workers = 4, .placed_alone = 2},
                                        setting{.capacity = 1, .seed = options.seed + 1}));
  });
}

TEST_CASE("every program that is cancelled at some step ends", "[savina]") {
  for (const program& each : programs())
    over_seeds(1, [&](const simulation_options& options) {
      INFO(each.id << ", " << each.name);
      const setting how{.capacity = 1, .seed = 1};
      simulator undisturbed{options};
      static_cast<void>(undisturbed.run(each.run, scale::small, how));
      const std::uint64_t steps = undisturbed.steps();
      std::size_t stopped = 0;
      for (std::uint64_t step = 0; step < steps; step += 1 + steps / 20) {
        INFO("before step " << step << " of " << steps);
        simulation_options cancelled = options;
        cancelled.cancel_at_step = step;
        simulator simulated{cancelled};
        const auto ended = simulated.run(each.run, scale::small, how);
        CHECK_FALSE(ended.has_error());
        stopped += ended.cancelled() ? 1 : 0; // in its last steps there may be no wait left to stop it at
      }
      CHECK(stopped > 10);
    });
}
