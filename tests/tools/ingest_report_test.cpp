#include <troupe/tools/ingest_report.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::tools;
using namespace std::chrono_literals;

namespace {

ingest_totals sample_totals() {
  ingest_totals totals;
  totals.records_read = 3;
  totals.bytes_read = 2048;
  totals.parsed = 2;
  totals.rejected = 1;
  for (mailbox_statistics* each : {&totals.records, &totals.results}) {
    each->capacity = 100;
    each->depth_max = 3;
    each->sent = each->settled = each->handled = 3;
  }
  return totals;
}

section_totals sample_sections() {
  section_totals sections;
  sections.add({"a", "libs", 100});
  sections.add({"b", "de\x1bvel", 4096});
  return sections;
}

void drop(mailbox_statistics& from, drop_reason why, std::uint64_t count) {
  from.dropped[static_cast<std::size_t>(why)] = count;
}

} // namespace

TEST_CASE("the report is a table by size, a total, and the accounting", "[tools]") {
  const ingest_totals totals = sample_totals();
  CHECK(report(totals, sample_sections(), audit(totals, true), 2ms, "") ==
        "section    packages  installed\n"
        "de\\x1bvel         1    4.0 MiB\n"
        "libs              1    100 KiB\n"
        "------------------------------\n"
        "total             2    4.1 MiB\n"
        "\n"
        "packages 2, rejected 1; read 3 records, 2.0 KiB, in 2.00 ms (1.50 k records/s)\n"
        "\n"
        "accounting\n"
        "  read = parsed + rejected         3 = 2 + 1  ok\n"
        "  records: settled = sent          3 = 3      ok\n"
        "  records: peak depth <= capacity  3 <= 100   ok\n"
        "  results: settled = sent          3 = 3      ok\n"
        "  results: peak depth <= capacity  3 <= 100   ok\n");
}

TEST_CASE("a partial report says so first and counts what was dropped once", "[tools]") {
  ingest_totals totals = sample_totals();
  totals.records_read = 10;
  drop(totals.records, drop_reason::send_cancelled, 1);
  drop(totals.records, drop_reason::no_receiver, 4);
  drop(totals.records, drop_reason::handling_cancelled, 2);
  drop(totals.results, drop_reason::send_cancelled, 2); // of the two above
  CHECK(totals.dropped() == 7);
  CHECK(all_hold(audit(totals, false)));
  CHECK(!all_hold(audit(totals, true)));
  const std::string text = report(totals, sample_sections(), audit(totals, false), 2ms, "stopped by SIGTERM");
  CHECK(text.starts_with("partial: stopped by SIGTERM;"));
  CHECK(text.find("dropped 7; from records: 1 send_cancelled, 4 no_receiver, 2 handling_cancelled; from results: "
                  "2 send_cancelled\n") != std::string::npos);
  CHECK(text.find("read = parsed + rejected + dropped  10 = 2 + 1 + 7  ok") != std::string::npos);
}

TEST_CASE("a lost record makes the books fail", "[tools]") {
  ingest_totals totals = sample_totals();
  totals.parsed = 1;
  CHECK(failures_in(audit(totals, true)) == "  read = parsed + rejected: 3 = 1 + 1\n");
}

TEST_CASE("the progress line has records, rate, both mailboxes and bytes, and its mailboxes fit 80 columns",
          "[tools]") {
  ingest_progress_text text;
  ingest_progress now;
  now.now = instant{1s};
  now.elapsed = 100ms;
  now.records_read = 1'000;
  now.bytes_read = 1024 * 1024;
  now.records = {.capacity = 100, .depth = 100, .senders_waiting = 1};
  now.results = {.capacity = 100, .depth = 7, .senders_waiting = 8};
  CHECK(text(now) == "1000 records, 10.0 k/s, records 100/100 (1 waits), results 7/100 (8 wait), 1.0 MiB");
  now.now += 100ms; // nothing came: the rate falls
  CHECK(text(now).starts_with("1000 records, 7.00 k/s"));

  now.records_read = 12'345'678;
  now.results.depth = 100;
  const std::string longest = text(now);
  CHECK(longest.find(", 1.0 MiB") < 80);
}
