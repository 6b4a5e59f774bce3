#include <troupe/tools/id_ledger.hpp>

#include <tests/catch.hpp>

using namespace troupe::tools;

namespace {

void send_all(id_ledger& ids, std::uint64_t count) {
  for (std::uint64_t id = 1; id <= count; ++id)
    ids.note_sent(id);
}

std::string failures_of(const id_ledger& ids) {
  books entries;
  add_ids(entries, ids.audit());
  return failures_in(entries);
}

} // namespace

TEST_CASE("a ledger of ids holds when each that was sent was handled or given up, once", "[tools]") {
  id_ledger ids{5};
  send_all(ids, 4); // the fifth never was
  for (const std::uint64_t id : {1U, 3U, 4U})
    ids.note_handled(id);
  ids.note_undelivered(2);
  const id_ledger::findings found = ids.audit();
  CHECK(found.sent == 4);
  CHECK(found.handled == 3);
  CHECK(found.undelivered == 1);
  CHECK(found.examples.empty());
  CHECK(failures_of(ids).empty());
}

TEST_CASE("a ledger of ids sees one that is lost, though the counts agree", "[tools]") {
  id_ledger ids{3};
  send_all(ids, 3);
  ids.note_handled(1);
  ids.note_handled(1); // as many as were sent
  ids.note_handled(3);
  const id_ledger::findings found = ids.audit();
  CHECK(found.lost == 1);
  CHECK(found.doubled == 1);
  REQUIRE(found.examples.size() == 2);
  CHECK(found.examples[0] == "message 1: sent 1, handled 2, given up 0 times");
  CHECK(found.examples[1] == "message 2: sent 1, handled 0, given up 0 times");
  CHECK(failures_of(ids) == "  ids sent = handled once + given up once: 3 = 1 + 0\n"
                            "  ids lost = none: 1 = 0\n"
                            "  ids handled twice, or given up and handled = none: 1 = 0\n");
}

TEST_CASE("a ledger of ids sees one that was given up and handled, given up twice, sent twice, or never sent",
          "[tools]") {
  id_ledger ids{4};
  send_all(ids, 3);
  ids.note_handled(1);
  ids.note_undelivered(1);
  ids.note_undelivered(2);
  ids.note_undelivered(2);
  ids.note_sent(3);
  ids.note_handled(3);
  ids.note_handled(4);
  const id_ledger::findings found = ids.audit();
  CHECK(found.doubled == 2);
  CHECK(found.unsent == 2);
  CHECK(found.lost == 0);
  CHECK(failures_of(ids).find("ids sent twice, or never = none: 2 = 0") != std::string::npos);
}

TEST_CASE("a ledger of ids names some of many faults", "[tools]") {
  id_ledger ids{1'000};
  send_all(ids, 1'000);
  CHECK(ids.audit().lost == 1'000);
  CHECK(ids.audit().examples.size() == 5);
}
