#include <tests/streams/check_steps.hpp>
#include <tests/streams/stream_checks.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace troupe::tests {

task<stream_pair> clogged(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  const std::string all(make.high_water, 'x');
  for (;;) {
    const bool has_room = co_await move_on_after(moment, ends.first.wait_writable());
    if (!has_room)
      break;
    // No more than is accepted at once, so that it does not wait.
    const std::size_t unsent = std::min(ends.first.statistics().bytes_unsent, make.high_water - 1);
    co_await writes(ends.first, std::string_view{all}.substr(unsent));
  }
  co_return ends;
}

std::span<const stream_check> stream_checks() {
  static constexpr stream_check all[] = {
      {"CS-001", "a byte that is sent arrives", cs_001},
      {"CS-002", "sending no bytes is allowed, and means nothing", cs_002},
      {"CS-003", "any contiguous bytes can be sent, and received into", cs_003},
      {"CS-004", "of two who receive at a time one is told so, and no byte is lost", cs_004},
      {"CS-005", "an idle stream is writable", cs_005},
      {"CS-006", "who sends to a stream that was closed finds out, and again each time", cs_006},
      {"CS-007", "nothing is received from a stream after it was closed on this side", cs_007},
      {"CS-008", "a stream can be closed again, and that changes nothing", cs_008},
      {"CS-009", "nothing can be sent after a close, not even no bytes, nor waited for", cs_009},
      {"CS-010", "what was sent before a close arrives, and the end behind it", cs_010},
      {"CS-011", "who sends to a stream that was aborted finds out, and its owner receives nothing", cs_011},
      {"CS-012", "the other side of a stream that was aborted gets no data, and does not wait", cs_012},
      {"CS-013", "a close that is cancelled closes all the same", cs_013},
      {"CS-014", "after a send and a receive were cancelled a close is as good as any", cs_014},
      {"CS-015", "who waits to receive is woken by a close", cs_015},
      {"CS-016", "a clogged stream is writable once the other side reads", cs_016},
      {"CS-017", "of two who wait for a clogged stream to be writable one is told so", cs_017},
      {"CS-018", "of one who waits for it and one who sends one is told so", cs_018},
      {"CS-019", "of two who send to a clogged stream one is told so", cs_019},
      {"CS-020", "who waits for a clogged stream to be writable goes on when the other side is closed", cs_020},
      {"CS-021", "who sends to a clogged stream is woken by a close", cs_021},
      {"CS-022", "who waits for a clogged stream to be writable is woken by a close", cs_022},
      {"CS-023", "all that holds in the other direction as well", cs_023},
      {"CS-024", "what goes both ways at once, in chunks of any size, arrives as it was sent", cs_024},
      {"CS-025", "when one end is closed the other one reads the end", cs_025},
      {"CS-026", "one direction is ended, after its data, and the other one goes on", cs_026},
      {"CS-027", "a direction is not ended while somebody sends to it", cs_027},
      {"CS-028", "a direction is not ended while somebody waits for it to be writable", cs_028},
  };
  return all;
}

task<> cs_023(const pair_maker& make) {
  const pair_maker swapped{[&]() -> task<stream_pair> {
                             stream_pair ends = co_await make.connected();
                             co_return stream_pair{std::move(ends.second), std::move(ends.first)};
                           },
                           make.high_water, make.bytes_each_way};
  for (const stream_check& each : stream_checks()) {
    if (each.run == &cs_023)
      break;
    const auto ended = co_await as_outcome(each.run(swapped));
    if (ended.has_error())
      must(false, std::string(each.sentence) + ", with the ends swapped: " + message_of(ended.error()));
  }
}

} // namespace troupe::tests
