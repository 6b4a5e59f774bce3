// Trio's cases for streams of any kind, on pipes: in any order, roomy and tight ones, and such that move a byte at a time.

#include <tests/streams/stream_checks.hpp>

#include <tests/catch.hpp>
#include <tests/streams/on_pipes.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Runs the check of that id on a pipe of each kind.
void holds_on_pipes(std::string_view id) {
  const std::span<const stream_check> all = stream_checks();
  const auto check = std::find_if(all.begin(), all.end(), [&](const stream_check& each) { return each.id == id; });
  REQUIRE(check != all.end());
  for (const pipe_kind& kind : pipe_kinds) {
    INFO(kind.name);
    const bool is_roomy = kind.options.high_water > 1'000; // else a mebibyte takes long
    const pair_maker make{[&]() -> task<stream_pair> { co_return pipe_pair(kind.options); }, kind.options.high_water,
                          is_roomy ? 1'048'576U : 3'000U};
    simulator simulated{in_any_order()};
    const auto in_time = [&]() -> task<> { co_await fail_after(1h, check->run(make)); };
    simulated.run(in_time).value();
  }
}

} // namespace

TEST_CASE("a byte that is sent arrives", "[conformance][CS-001]") { holds_on_pipes("CS-001"); }

TEST_CASE("sending no bytes is allowed, and means nothing", "[conformance][CS-002]") { holds_on_pipes("CS-002"); }

TEST_CASE("any contiguous bytes can be sent, and received into", "[conformance][CS-003]") { holds_on_pipes("CS-003"); }

TEST_CASE("of two who receive at a time one is told so, and no byte is lost", "[conformance][CS-004]") {
  holds_on_pipes("CS-004");
}

TEST_CASE("an idle stream is writable", "[conformance][CS-005]") { holds_on_pipes("CS-005"); }

TEST_CASE("who sends to a stream that was closed finds out, and again each time", "[conformance][CS-006]") {
  holds_on_pipes("CS-006");
}

TEST_CASE("nothing is received from a stream after it was closed on this side", "[conformance][CS-007]") {
  holds_on_pipes("CS-007");
}

TEST_CASE("a stream can be closed again, and that changes nothing", "[conformance][CS-008]") {
  holds_on_pipes("CS-008");
}

TEST_CASE("nothing can be sent after a close, not even no bytes, nor waited for", "[conformance][CS-009]") {
  holds_on_pipes("CS-009");
}

TEST_CASE("what was sent before a close arrives, and the end behind it", "[conformance][CS-010]") {
  holds_on_pipes("CS-010");
}

TEST_CASE("who sends to a stream that was aborted finds out, and its owner receives nothing", "[conformance][CS-011]") {
  holds_on_pipes("CS-011");
}

TEST_CASE("the other side of a stream that was aborted gets no data, and does not wait", "[conformance][CS-012]") {
  holds_on_pipes("CS-012");
}

TEST_CASE("a close that is cancelled closes all the same", "[conformance][CS-013]") { holds_on_pipes("CS-013"); }

TEST_CASE("after a send and a receive were cancelled a close is as good as any", "[conformance][CS-014]") {
  holds_on_pipes("CS-014");
}

TEST_CASE("who waits to receive is woken by a close", "[conformance][CS-015]") { holds_on_pipes("CS-015"); }

TEST_CASE("a clogged stream is writable once the other side reads", "[conformance][CS-016]") {
  holds_on_pipes("CS-016");
}

TEST_CASE("of two who wait for a clogged stream to be writable one is told so", "[conformance][CS-017]") {
  holds_on_pipes("CS-017");
}

TEST_CASE("of one who waits for it and one who sends one is told so", "[conformance][CS-018]") {
  holds_on_pipes("CS-018");
}

TEST_CASE("of two who send to a clogged stream one is told so", "[conformance][CS-019]") { holds_on_pipes("CS-019"); }

TEST_CASE("who waits for a clogged stream to be writable goes on when the other side is closed",
          "[conformance][CS-020]") {
  holds_on_pipes("CS-020");
}

TEST_CASE("who sends to a clogged stream is woken by a close", "[conformance][CS-021]") { holds_on_pipes("CS-021"); }

TEST_CASE("who waits for a clogged stream to be writable is woken by a close", "[conformance][CS-022]") {
  holds_on_pipes("CS-022");
}

TEST_CASE("all that holds in the other direction as well", "[conformance][CS-023]") { holds_on_pipes("CS-023"); }

TEST_CASE("what goes both ways at once, in chunks of any size, arrives as it was sent", "[conformance][CS-024]") {
  holds_on_pipes("CS-024");
}

TEST_CASE("when one end is closed the other one reads the end", "[conformance][CS-025]") { holds_on_pipes("CS-025"); }

TEST_CASE("one direction is ended, after its data, and the other one goes on", "[conformance][CS-026]") {
  holds_on_pipes("CS-026");
}

TEST_CASE("a direction is not ended while somebody sends to it", "[conformance][CS-027]") { holds_on_pipes("CS-027"); }

TEST_CASE("a direction is not ended while somebody waits for it to be writable", "[conformance][CS-028]") {
  holds_on_pipes("CS-028");
}
