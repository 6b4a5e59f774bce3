#include <troupe/tools/ingest.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/tools/ingest_fixture.hpp>

#include <troupe/simulation/simulator.hpp>

#include <cerrno>

using namespace troupe;
using namespace troupe::tests;
using namespace troupe::tools;

namespace {

ingest_options with(std::size_t parsers, std::size_t capacity) {
  ingest_options options;
  options.parsers = parsers;
  options.capacity = capacity;
  return options;
}

/// The statements that the command prints, and those between the two mailboxes.
void check_books(const ingest_run& run, bool whole) {
  const ingest_totals totals = ingest_totals::of(run);
  const books audited = audit(totals, whole);
  INFO(text_of(audited));
  REQUIRE(all_hold(audited));
  const auto& [read, bytes, parsed, rejected, records, results] = totals;
  const auto lost = [](const mailbox_statistics& of, drop_reason why) { return dropped(of, why); };
  REQUIRE(read == records.sent + lost(records, drop_reason::send_cancelled) + lost(records, drop_reason::closed));
  REQUIRE(records.handled == results.sent + lost(results, drop_reason::closed));
  REQUIRE(lost(records, drop_reason::handling_cancelled) == lost(results, drop_reason::send_cancelled));
  REQUIRE(results.handled == parsed + rejected);
  REQUIRE(records.depth + results.depth + records.in_hand + results.in_hand == 0);
}

} // namespace

TEST_CASE("every record is counted once, in any order of events, with any capacity and any number of parsers",
          "[tools]") {
  const sample input{40};
  for (const std::size_t at_most : {1U, 100U})
    for (const std::size_t parsers : {1U, 8U, 64U})
      for (std::uint64_t seed = 0; seed < seeds(1'000) / (parsers == 64 ? 10 : 1); ++seed) {
        INFO("seed " << seed << ", capacity " << at_most << ", parsers " << parsers);
        text_source source{input.text, 1 + seed % 300};
        kept_news news;
        ingest_run run{source, news, with(parsers, at_most)};
        simulator simulated{{.seed = seed}};
        REQUIRE(simulated.run(ingest, std::ref(run)).has_value());
        REQUIRE(input.agrees_with(run, news.rejected_lines));
        REQUIRE(news.depth_max <= at_most);
        check_books(run, true);
      }
}

TEST_CASE("a cancel at any wait stops the run, and no record is unaccounted for", "[tools]") {
  const sample input{12};
  for (const std::size_t at_most : {1U, 100U})
    for (std::uint64_t seed = 0; seed < seeds(20); ++seed)
      for (std::uint64_t step = 0;; ++step) {
        INFO("seed " << seed << ", capacity " << at_most << ", cancelled before step " << step);
        text_source source{input.text, 64};
        kept_news news;
        ingest_run run{source, news, with(3, at_most)};
        simulator simulated{{.seed = seed, .cancel_at_step = step}};
        const outcome<> how = simulated.run(ingest, std::ref(run));
        REQUIRE(!how.has_error());
        check_books(run, how.has_value());
        REQUIRE(run.parsed <= input.packages);
        if (simulated.steps() < step)
          break;
      }
}

TEST_CASE("an input that fails is counted up to there, and the record it was in is rejected", "[tools]") {
  const sample input{5};
  text_source source{input.text + "Package: cut\n", 7, EIO};
  kept_news news;
  ingest_run run{source, news, with(2, 1)};
  simulator simulated{in_any_order()};
  REQUIRE(simulated.run(ingest, std::ref(run)).has_value());
  CHECK(run.input_error.find("cannot read the text") != std::string::npos);
  CHECK(run.parsed == 5);
  CHECK(run.rejected == 1);
  CHECK(news.rejected_lines == std::vector<std::uint64_t>{21});
  check_books(run, true);
}

TEST_CASE("an empty input has no records and no error", "[tools]") {
  for (const char* text : {"", "\n", "\n\n \n"}) {
    text_source source{text, 7};
    kept_news news;
    ingest_run run{source, news, with(8, 100)};
    simulator simulated{in_any_order()};
    REQUIRE(simulated.run(ingest, std::ref(run)).has_value());
    CHECK(run.records_read == 0);
    CHECK(run.input_error.empty());
    check_books(run, true);
  }
}

TEST_CASE("a listener that wants no more stops the run and the group absorbs that", "[tools]") {
  const sample input{3'000};
  text_source source{input.text, 16}; // 10 us of virtual time each
  kept_news news;
  news.stop_at_look = 1;
  ingest_run run{source, news, with(8, 100)};
  simulator simulated{in_any_order()};
  REQUIRE(simulated.run(ingest, std::ref(run)).has_value());
  CHECK(run.unwanted);
  CHECK(run.parsed > 0);
  CHECK(run.parsed < input.packages);
  check_books(run, false);
}

TEST_CASE("records above the maximum are rejected and the rest is counted", "[tools]") {
  const sample input{5};
  text_source source{"Package: long\nDescription: " + std::string(5'000, 'x') + "\n\n" + input.text, 100};
  kept_news news;
  ingest_options options = with(2, 1);
  options.record_bytes_max = 1'000;
  ingest_run run{source, news, options};
  simulator simulated{in_any_order()};
  REQUIRE(simulated.run(ingest, std::ref(run)).has_value());
  CHECK(run.parsed == 5);
  CHECK(news.rejected_lines == std::vector<std::uint64_t>{1});
  check_books(run, true);
}
