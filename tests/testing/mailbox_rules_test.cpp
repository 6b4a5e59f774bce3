#include <troupe/testing/mailbox_rules.hpp>

#include "told.hpp"

#include <tests/catch.hpp>

#include <troupe/mailbox/statistics.hpp>

using namespace troupe;
using namespace troupe::tests;

namespace {

using enum event_kind;
using detail::mailbox_rules;

// Mailbox 9 with room for two; fibers 1 and 2 send, 3 and 4 receive.
constexpr told made{mailbox_made, 9, 1, 2};
constexpr told closed{mailbox_closed, 9, 1};
constexpr told gone(std::uint64_t settled_by_then = 0, std::uint32_t reserved_then = 0) {
  return {mailbox_gone, 9, 1, settled_by_then, reserved_then};
}
constexpr told queued(std::uint64_t index, std::uint32_t way = 0) { return {item_queued, 9, 1, index, way}; }
constexpr told taken(std::uint64_t index, std::uint32_t count = 1) { return {items_taken, 9, 3, index, count}; }
constexpr told claimed(std::uint64_t index, std::uint32_t count) { return {items_claimed, 9, 3, index, count}; }
constexpr told freed(std::uint32_t count) { return {items_freed, 9, 3, 0, count}; }
constexpr told settled(std::uint32_t count) { return {items_settled, 9, 3, 0, count}; }
constexpr told reserved{slot_reserved, 9, 2};
constexpr told returned{slot_returned, 9, 2};
constexpr told sends(std::uint64_t fiber) { return {wait_begun, 9, fiber, wait_line("send")}; }
constexpr told receives(std::uint64_t fiber) { return {wait_begun, 9, fiber, wait_line("receive")}; }
constexpr told joins(std::uint64_t fiber) { return {wait_begun, 9, fiber, wait_line("join")}; }
constexpr told granted(std::uint64_t fiber) { return {wait_granted, 9, fiber}; }

} // namespace

TEST_CASE("items that go in and out in their order are as they must be", "[testing]") {
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), taken(0), settled(1), queued(2), claimed(1, 2), freed(2),
                               settled(2), closed, gone(3)}) == "");
}

TEST_CASE("an item that is lost, or settled twice, is seen", "[testing]") {
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), gone()}) == "INV-1");
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0)}) == "INV-1");
  CHECK(judged<mailbox_rules>({made, queued(0)}) == ""); // somebody may still take it
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), settled(1), settled(1), gone(2)}) == "INV-2 INV-1");
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), settled(1), taken(1)}) == "INV-2");
}

TEST_CASE("an item that overtakes another is seen", "[testing]") {
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), taken(1), taken(0), settled(2), gone(2)}) == "INV-3 INV-3");
  CHECK(judged<mailbox_rules>({made, queued(0), told{item_handed, 9, 1, 3}, taken(0), settled(2), gone(2)}) == "INV-3");
}

TEST_CASE("more items than there is room for are seen, and slots that nobody gave", "[testing]") {
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), queued(2), taken(0, 3), settled(3), gone(3)}) == "INV-4");
  CHECK(judged<mailbox_rules>({made, queued(0), reserved, queued(1), taken(0, 2), settled(2), returned, gone(2)}) ==
        "INV-4");
  CHECK(judged<mailbox_rules>({made, returned, gone()}) == "INV-4");
  CHECK(judged<mailbox_rules>({made, queued(0, 1), taken(0), settled(1), gone(1)}) == "INV-4");
  CHECK(judged<mailbox_rules>({made, reserved, queued(0, 1), taken(0), settled(1), gone(1)}) == "");
  CHECK(judged<mailbox_rules>({made, reserved, gone(0, 1)}) == "INV-4");
  CHECK(judged<mailbox_rules>({made, reserved}) == "INV-4");
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), settled(1), gone(0)}) == "INV-4"); // its own count differs
  // What is claimed still takes its slot.
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), claimed(0, 2), queued(2), freed(2), settled(2), taken(2),
                               settled(1), gone(3)}) == "INV-4");
}

TEST_CASE("who waits for what is there is seen", "[testing]") {
  CHECK(judged<mailbox_rules>({made, sends(1), granted(1)}) == "INV-5");
  CHECK(judged<mailbox_rules>({made, queued(0), receives(3), granted(3), taken(0), settled(1), gone(1)}) == "INV-5");
  CHECK(judged<mailbox_rules>({made, closed, receives(3), granted(3), gone()}) == "INV-5");
  CHECK(judged<mailbox_rules>({made, joins(3), granted(3), gone()}) == "INV-20");
}

TEST_CASE("what comes of a send or a reserve that was stopped is seen", "[testing]") {
  constexpr told stopped{wait_stopped, 9, 1};
  constexpr told slot_for_it{slot_reserved, 9, 3, 1};
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), sends(1), granted(1), taken(0), queued(2, 2), taken(1, 2),
                               settled(3), gone(3)}) == "");
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), sends(1), stopped, taken(0), queued(2, 2), taken(1, 2),
                               settled(3), gone(3)}) == "INV-1");
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), sends(1), granted(1), taken(0), slot_for_it, returned,
                               taken(1), settled(2), gone(2)}) == "");
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), sends(1), stopped, taken(0), slot_for_it, returned, taken(1),
                               settled(2), gone(2)}) == "INV-4");
  // A grant is of one thing.
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), sends(1), granted(1), taken(0, 2), queued(2, 2),
                               queued(3, 2), taken(2, 2), settled(4), gone(4)}) == "INV-1");
}

TEST_CASE("who overtakes others in line is seen", "[testing]") {
  const told other_sends = sends(2);
  CHECK(judged<mailbox_rules>({made, queued(0), queued(1), sends(1), other_sends, granted(2), granted(1), taken(0, 2),
                               settled(2), gone(2)}) == "INV-6");
  CHECK(judged<mailbox_rules>({made, queued(0), reserved, sends(1), returned, told{item_queued, 9, 2, 1}, granted(1),
                               taken(0, 2), settled(2), gone(2)}) == "INV-5 INV-6");
  CHECK(judged<mailbox_rules>({made, receives(3), receives(4), granted(4), granted(3), gone()}) == "INV-6");
}

TEST_CASE("a join that ends before all is settled is seen, and an item after the close", "[testing]") {
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), joins(4), granted(4), settled(1), gone(1)}) == "INV-20");
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), joins(4), settled(1), granted(4), gone(1)}) ==
        "INV-20"); // late
  CHECK(judged<mailbox_rules>({made, closed, queued(0), taken(0), settled(1), gone(1)}) == "INV-20");
  constexpr told joined{mailbox_joined, 9, 4};
  CHECK(judged<mailbox_rules>({made, joined, queued(0), taken(0), settled(1), joined, gone(1)}) == "");
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), joined, settled(1), gone(1)}) == "INV-20");
}

TEST_CASE("an item that is given again is in hand once", "[testing]") {
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), told{item_kept, 9, 3, 1, 1}, told{item_given, 9, 3},
                               settled(1), gone(1)}) == "");
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), told{item_kept, 9, 3, 1, 1}}) == "");
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), told{item_kept, 9, 3, 1, 1}, receives(3)}) == "INV-5");
  CHECK(judged<mailbox_rules>({made, queued(0), taken(0), told{item_kept, 9, 3, 2, 1}}) == "INV-2"); // too often
}

TEST_CASE("an actor that has ended for good and keeps what it was sent is seen", "[testing]") {
  constexpr told retired{child_retired, 50, 0, 3, 9};
  constexpr told opened{mailbox_opened, 9, 1};
  const auto at_rest = [](std::initializer_list<told> events) {
    verdict found;
    mailbox_rules rules{found};
    rules.begin_run();
    for (const told& each : events)
      rules.on(each.made());
    rules.at_rest();
    return violated(found);
  };
  CHECK(at_rest({made, queued(0), closed, retired}) == "INV-1");
  CHECK(at_rest({made, queued(0), closed, retired, taken(0)}) == "");
  CHECK(at_rest({made, queued(0), closed}) == ""); // it drains
  CHECK(at_rest({made, queued(0), closed, retired, opened}) == "");
}
