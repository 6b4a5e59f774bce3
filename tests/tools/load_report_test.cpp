#include <troupe/tools/load_report.hpp>

#include <tests/catch.hpp>

#include <nlohmann/json.hpp>

#include <chrono>

using namespace troupe;
using namespace troupe::tools;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

struct ended_run {
  explicit ended_run(load_options options) : run(std::move(options)) {
    run.counts.of[static_cast<std::size_t>(request_end::committed)] = 900;
    run.counts.of[static_cast<std::size_t>(request_end::overloaded)] = 90;
    run.counts.of[static_cast<std::size_t>(request_end::no_answer)] = 10;
    run.counts.retries = 7;
    for (int i = 0; i < 900; ++i)
      run.counts.committed.add(1ms);
    run.counts.answered_otherwise.add(2ms);
  }
  load_run run;
};

const load_options options = [] {
  load_options made;
  made.host = "::1";
  made.port = 80;
  return made;
}();

} // namespace

TEST_CASE("a report has what became of all requests, in a second and in all", "[tools]") {
  ended_run ended{options};
  const std::string text = report(ended.run, 10s, "");
  CHECK(contains(text, "load of [::1]:80: 32 connections, each asks when it is answered, 10.0 s\n"));
  CHECK(contains(text, "all             1000         100\n"));
  CHECK(contains(text, "answered         990          99\n"));
  CHECK(contains(text, "committed        900          90\n"));
  CHECK(contains(text, "no_answer         10           1\n"));
  CHECK_FALSE(contains(text, "in_doubt"));
  CHECK(contains(text, "7 retries"));
  CHECK(contains(text,
                 "latency of what was committed: p50 1.00 ms, p90 1.00 ms, p99 1.00 ms, p99.9 1.00 ms, max 1.00 ms"));
  CHECK(contains(text, "latency of other answers: p50 2.00 ms"));
  CHECK(text.find("partial") == text.npos);
  CHECK(text.find("--connections") == text.npos);
  ended.run.counts.of[static_cast<std::size_t>(request_end::not_sent)] = 4;
  CHECK(contains(report(ended.run, 10s, ""), "4 were not sent, because all connections were busy: try more --conn"));
  CHECK(report(ended.run, 10s, "stopped by Ctrl-C (SIGINT)").starts_with("partial: stopped by Ctrl-C (SIGINT); "));
}

TEST_CASE("the report as JSON has the same numbers", "[tools]") {
  load_options by_clock = options;
  by_clock.rate = 100;
  ended_run ended{by_clock};
  const nlohmann::json read = nlohmann::json::parse(report_as_json(ended.run, 10s, "why"));
  CHECK(read["requests"] == 1'000);
  CHECK(read["answered"] == 990);
  CHECK(read["committed_per_second"] == 90.0);
  CHECK(read["outcomes"]["overloaded"] == 90);
  CHECK(read["outcomes"]["in_doubt"] == 0);
  CHECK(read["latency_us"]["committed"]["p99.9"] == 1'000);
  CHECK(read["latency_us"]["committed"]["count"] == 900);
  CHECK(read["partial"] == "why");
  CHECK(contains(report(ended.run, 10s, ""), "32 connections, 100 requests/s by the clock, 10.0 s"));
}

TEST_CASE("a load has failed where requests had no connection, or lost it", "[tools]") {
  ended_run ended{options};
  CHECK(failure_of(ended.run).empty());
  ended.run.counts.of[static_cast<std::size_t>(request_end::connection_lost)] = 2;
  CHECK(contains(failure_of(ended.run), "2 requests lost their connection to [::1]:80"));
  ended.run.counts.of[static_cast<std::size_t>(request_end::no_connection)] = 3;
  ended.run.counts.unreachable_by = "Connection refused";
  CHECK(
      contains(failure_of(ended.run), "3 requests had no connection to [::1]:80 in time: Connection refused\n  try:"));
}

TEST_CASE("how far a load is fits in a line", "[tools]") {
  ended_run ended{options};
  ended.run.begun = instant{} + 1s;
  CHECK(progress_text(ended.run, instant{} + 11s) == "10.0 s: 1.00 k requests, 90 committed/s, p99 1.00 ms");
}
