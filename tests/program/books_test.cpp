#include <troupe/program/books.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::tools;

TEST_CASE("a sum is written in words and in numbers, and holds or not", "[tools]") {
  const book_entry good = sum_entry("read", 7, {{"parsed", 4}, {"rejected", 3}});
  CHECK(good.statement == "read = parsed + rejected");
  CHECK(good.numbers == "7 = 4 + 3");
  CHECK(good.holds);
  CHECK(!sum_entry("read", 8, {{"parsed", 4}, {"rejected", 3}}).holds);
}

TEST_CASE("a mailbox with an unsettled item or too deep a queue fails the books by name", "[tools]") {
  mailbox_statistics stats;
  stats.capacity = 10;
  stats.depth_max = 10;
  stats.sent = 5;
  stats.settled = 5;
  books entries;
  add_mailbox(entries, "records", stats);
  CHECK(all_hold(entries));
  CHECK(failures_in(entries).empty());
  CHECK(text_of(entries) == "accounting\n"
                            "  records: settled = sent          5 = 5     ok\n"
                            "  records: peak depth <= capacity  10 <= 10  ok\n");

  stats.settled = 4;
  stats.depth_max = 11;
  entries.clear();
  add_mailbox(entries, "records", stats);
  CHECK(!all_hold(entries));
  CHECK(failures_in(entries) == "  records: settled = sent: 4 = 5\n  records: peak depth <= capacity: 11 <= 10\n");
  CHECK(text_of(entries).find("FAILED") != std::string::npos);
}

TEST_CASE("drops are summed and named by reason", "[tools]") {
  mailbox_statistics stats;
  CHECK(dropped_by_reason(stats) == "none");
  stats.dropped[static_cast<std::size_t>(drop_reason::no_receiver)] = 100;
  stats.dropped[static_cast<std::size_t>(drop_reason::send_cancelled)] = 1;
  CHECK(dropped(stats) == 101);
  CHECK(dropped(stats, drop_reason::no_receiver) == 100);
  CHECK(dropped_by_reason(stats) == "1 send_cancelled, 100 no_receiver");
}
