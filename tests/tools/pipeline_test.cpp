#include <troupe/tools/pipeline.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/simulation/simulator.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::tests;
using namespace troupe::tools;

namespace {

pipeline_options with(std::uint64_t items, std::size_t consumers, std::size_t capacity) {
  pipeline_options options;
  options.items = items;
  options.consumers = consumers;
  options.capacity = capacity;
  return options;
}

bool go_on(const pipeline_run&, instant) { return true; }

void check_books(const pipeline_run& run, bool whole) {
  const books audited = audit(run, whole);
  INFO(text_of(audited));
  REQUIRE(all_hold(audited));
}

} // namespace

TEST_CASE("every item is handled once, in any order of events", "[tools]") {
  for (const std::size_t at_most : {1U, 100U})
    for (const std::size_t consumers : {1U, 8U, 64U})
      for (std::uint64_t seed = 0; seed < seeds(1'000) / (consumers == 64 ? 10 : 1); ++seed) {
        INFO("seed " << seed << ", capacity " << at_most << ", consumers " << consumers);
        pipeline_run run{with(200, consumers, at_most), go_on};
        simulator simulated{{.seed = seed}};
        REQUIRE(simulated.run(pipeline, std::ref(run)).has_value());
        REQUIRE(run.queue.statistics().handled == 200);
        check_books(run, true);
      }
}

TEST_CASE("a consumer that throws stops its siblings, its error comes back, and the books hold", "[tools]") {
  for (const std::size_t at_most : {1U, 100U})
    for (std::uint64_t seed = 0; seed < seeds(1'000); ++seed) {
      INFO("seed " << seed << ", capacity " << at_most);
      pipeline_options options = with(1'000, 8, at_most);
      options.fail_at = 1 + seed % 50;
      pipeline_run run{options, go_on};
      simulator simulated{{.seed = seed}};
      const outcome<> how = simulated.run(pipeline, std::ref(run));
      REQUIRE(how.has_error());
      check_books(run, false);
      REQUIRE(dropped(run.queue.statistics(), drop_reason::crashed) == 1);
      REQUIRE(run.produced < 1'000);

      const auto failed = std::count_if(run.children.begin(), run.children.end(),
                                        [](const child<>& each) { return each.result().has_error(); });
      REQUIRE(failed == 1);
      REQUIRE(run.children[0].result().cancelled()); // the producer
      REQUIRE(run.children[0].result().cause().reason == cancel_reason::sibling_failed);
      const std::string text = report(run, how, audit(run, false), duration{1}, "");
      REQUIRE(text.find("failed on purpose") != std::string::npos);
      REQUIRE(text.find("error group: 1 failure") != std::string::npos);
    }
}

TEST_CASE("the first and the last item can fail", "[tools]") {
  for (const std::uint64_t at : {1U, 100U}) {
    pipeline_options options = with(100, 8, 100);
    options.fail_at = at;
    pipeline_run run{options, go_on};
    simulator simulated{in_any_order()};
    REQUIRE(simulated.run(pipeline, std::ref(run)).has_error());
    check_books(run, false);
  }
}

TEST_CASE("a cancel at any wait of the pipeline leaves no item unaccounted for", "[tools]") {
  for (const std::size_t at_most : {1U, 100U})
    for (std::uint64_t seed = 0; seed < seeds(20); ++seed)
      for (std::uint64_t step = 0;; ++step) {
        INFO("seed " << seed << ", capacity " << at_most << ", cancelled before step " << step);
        pipeline_run run{with(30, 3, at_most), go_on};
        simulator simulated{{.seed = seed, .cancel_at_step = step}};
        const outcome<> how = simulated.run(pipeline, std::ref(run));
        REQUIRE(!how.has_error());
        check_books(run, how.has_value());
        if (simulated.steps() < step)
          break;
      }
}

TEST_CASE("the report of a whole pipeline has a row for each child", "[tools]") {
  pipeline_run run{with(10, 2, 4), go_on};
  simulator simulated{in_any_order()};
  const outcome<> how = simulated.run(pipeline, std::ref(run));
  const std::string text = report(run, how, audit(run, true), std::chrono::milliseconds{1}, "");
  for (const char* part : {"producer", "consumer 0", "consumer 1", "handled 10 of 10 items in 1.00 ms (10.0 k items/s)",
                           "sum of items = n (n + 1) / 2", "55 = 55", "ok"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(text.find("FAILED") == std::string::npos);
}
