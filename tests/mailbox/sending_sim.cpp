#include <troupe/mailbox/sending.hpp>

#include <tests/catch.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <functional>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> wait_for_room(sender<int> out, bool by_permit) {
  if (by_permit)
    static_cast<void>(co_await out.reserve());
  else
    co_await out.send(-1);
}

/// How long it waited for room that never came.
task<duration> wait_within(sender<int> out, bool by_permit, duration limit) {
  const instant before = now();
  const bool sent = co_await move_on_after(limit, wait_for_room(std::move(out), by_permit));
  CHECK_FALSE(sent);
  co_return now() - before;
}

} // namespace

TEST_CASE("cancels and limits of senders that wait at a full mailbox work at once and use no slot", "[mailbox][C2]") {
  over_seeds(1'000, [](const simulation_options& options) {
    const std::size_t slots = 1 + options.seed % 3;
    const bool time_stands = options.clock == clock_mode::autojump; // while somebody can run
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      const mailbox<int> box{capacity{slots}};
      const inbox<int> in = box.inbox();
      const sender<int> out = box.sender();
      for (std::size_t i = 0; i < slots; ++i)
        REQUIRE(out.try_send(static_cast<int>(i)) == send_status::accepted);
      const instant begun = now();
      std::vector<child<duration>> limited;
      std::size_t refused = 0;
      co_await in_task_group([&](task_group& group) -> task<> {
        std::vector<child<>> cancelled;
        for (int i = 0; i < 4; ++i)
          cancelled.push_back(group.start(wait_for_room, out, i % 2 == 0));
        while (box.statistics().senders_waiting < 4)
          co_await yield();
        for (int i = 0; i < 4; ++i)
          limited.push_back(group.start(wait_within, out, i % 2 == 0, (4 - i) * 1s)); // the last one first
        for (child<>& each : cancelled) {
          each.cancel();
          while (!each.ended())
            co_await yield();
          CHECK(each.result().cause().reason == cancel_reason::requested);
        }
        if (time_stands)
          CHECK(now() == begun);
        // A start and a cancel of a group need no slot either.
        co_await in_task_group([&](task_group& inner) {
          for (int i = 0; i < 4; ++i)
            inner.start(wait_for_room, out, false);
          inner.cancel();
          refused += inner.start(wait_for_room, out, false).result().cause().reason == cancel_reason::scope_closed;
        });
      });
      CHECK(refused == 1);
      for (int i = 0; i < 4; ++i) {
        const duration waited = limited[static_cast<std::size_t>(i)].result().value();
        CHECK(waited >= (4 - i) * 1s);
        if (time_stands)
          CHECK(waited == (4 - i) * 1s);
      }
      const mailbox_statistics seen = box.statistics();
      CHECK((seen.depth == slots && seen.reserved == 0 && seen.senders_waiting == 0));
      CHECK((seen.sent == slots && seen.settled == 0 && seen.depth_max == slots));
      CHECK(seen.dropped_by(drop_reason::send_cancelled) == 2 + 2 + 4);
      for (std::size_t i = 0; i < slots; ++i) {
        const auto item = co_await in.receive();
        CHECK(*item == static_cast<int>(i));
      }
    });
    CHECK(ended.has_value());
    CHECK(simulated.clock().timers() == 0);
  });
}
