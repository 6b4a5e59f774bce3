// asyncio's cases about taking out of a queue, and about what a queue is.

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> send_each(sender<int> out, std::vector<int> items) {
  for (const int item : items)
    co_await out.send(item);
}

task<> receive_one(const receiver<int>& in, std::optional<int>& into) {
  const auto item = co_await in.receive();
  into = *item;
}

/// Waits until so many wait to receive, then so many to send.
task<> until_waiting(const mailbox<int>& box, std::size_t receivers, std::size_t senders) {
  while (box.statistics().receivers_waiting != receivers || box.statistics().senders_waiting != senders)
    co_await yield();
}

} // namespace

TEST_CASE("a mailbox is empty before an item comes and after it was taken", "[conformance][Q-004][Q-011][Q-012]") {
  const mailbox<int> box{capacity{4}};
  const auto out = box.sender();
  const auto in = box.receiver();
  CHECK(box.statistics().depth == 0);
  CHECK_FALSE(in.try_receive());
  REQUIRE(out.try_send(1) == send_status::accepted);
  CHECK(box.statistics().depth == 1);
  CHECK(*in.try_receive() == 1);
  CHECK(box.statistics().depth == 0);
  CHECK_FALSE(in.try_receive());
}

TEST_CASE("a mailbox is full with as many items as it has slots, and not before", "[conformance][Q-005]") {
  const mailbox<int> box{capacity{3}};
  const auto out = box.sender();
  const auto in = box.receiver();
  for (const std::size_t depth : {1U, 2U, 3U}) {
    CHECK(out.try_send(0) == send_status::accepted);
    CHECK(box.statistics().depth == depth);
  }
  CHECK(box.statistics().depth == box.statistics().capacity);
  CHECK(out.try_send(0) == send_status::full);
  static_cast<void>(in.try_receive());
  CHECK(out.try_send(0) == send_status::accepted);
}

TEST_CASE("items come out in the order in which they were sent", "[conformance][Q-006]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      const mailbox<int> box{capacity{3}};
      const inbox<int> in = box.inbox();
      const std::vector<int> items{1, 3, 2};
      co_await send_each(box.sender(), items);
      for (const int wanted : items) {
        const auto item = co_await in.receive();
        CHECK(*item == wanted);
      }
    });
    CHECK(ended.has_value());
  });
}

TEST_CASE("a third send into two slots waits, and one receive lets it in", "[conformance][Q-007][Q-018]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      const mailbox<int> box{capacity{2}};
      const auto in = box.receiver();
      co_await in_task_group([&](task_group& group) -> task<> {
        const auto sending = group.start(send_each, box.sender(), std::vector{1, 2, 3});
        co_await until_waiting(box, 0, 1);
        co_await sleep_for(10ms);
        CHECK(box.statistics().depth == 2);
        CHECK_FALSE(sending.ended());
        CHECK(*in.try_receive() == 1);
        CHECK(box.statistics().depth == 2); // the third is in
        CHECK(box.statistics().senders_waiting == 0);
        CHECK(*in.try_receive() == 2);
        CHECK(*in.try_receive() == 3);
      });
    });
    CHECK(ended.has_value());
  });
}

TEST_CASE("a receive gives what is there, and waits for what comes later", "[conformance][Q-008][Q-010][Q-027]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      const mailbox<int> box{capacity{1}};
      const auto in = box.receiver();
      const auto out = box.sender();
      co_await out.send(1);
      const auto first = co_await in.receive();
      CHECK(*first == 1);
      std::optional<int> second;
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(receive_one, std::cref(in), std::ref(second));
        co_await until_waiting(box, 1, 0);
        co_await sleep_for(10ms);
        CHECK_FALSE(second);
        REQUIRE(out.try_send(2) == send_status::accepted);
        CHECK(box.statistics().depth == 0); // it is the receiver's already
        CHECK(box.statistics().in_hand == 2);
      });
      CHECK(second == 2);
    });
    CHECK(ended.has_value());
  });
}

TEST_CASE("a receive wakes a sender that waits, and the items keep their order", "[conformance][Q-009][Q-014][Q-015]") {
  over_seeds(50, [](const simulation_options& options) {
    for (const bool one_reader : {false, true}) {
      std::vector<int> got;
      simulator simulated{options};
      const auto receive_all = [&]<class Half>(Half in) -> task<> {
        while (const auto item = co_await in.receive())
          got.push_back(*item);
      };
      const auto ended = simulated.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) -> task<> {
          const mailbox<int> box{capacity{1}};
          group.start(send_each, box.sender(), std::vector{1, 2, 3, 4, 5});
          co_await until_waiting(box, 0, 1);
          if (one_reader)
            group.start(receive_all, box.inbox());
          else
            group.start(receive_all, box.receiver());
        });
      });
      CHECK(ended.has_value());
      CHECK(got == std::vector{1, 2, 3, 4, 5});
    }
  });
}

TEST_CASE("of two receivers that wait the first is cancelled, and the item goes to the second",
          "[conformance][Q-013]") {
  for (const bool seen : {false, true}) // whether the cancelled one has run before the item comes
    over_seeds(50, [seen](const simulation_options& options) {
      simulator simulated{options};
      const auto ended = simulated.run([seen]() -> task<> {
        const mailbox<int> box{capacity{1}};
        const auto in = box.receiver();
        const auto out = box.sender();
        std::optional<int> first;
        std::optional<int> second;
        co_await in_task_group([&](task_group& group) -> task<> {
          auto cancelled = group.start(receive_one, std::cref(in), std::ref(first));
          co_await until_waiting(box, 1, 0);
          group.start(receive_one, std::cref(in), std::ref(second));
          co_await until_waiting(box, 2, 0);
          cancelled.cancel();
          while (seen && !cancelled.ended())
            co_await yield();
          co_await out.send(7);
        });
        CHECK_FALSE(first);
        CHECK(second == 7);
      });
      CHECK(ended.has_value());
    });
}

TEST_CASE("a receive that its limit has ended is in no list any more", "[conformance][Q-016]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([]() -> task<> {
      const mailbox<int> box{capacity{1}};
      const auto in = box.receiver();
      const auto out = box.sender();
      for (int i = 0; i < 5; ++i) {
        std::optional<int> none;
        const bool in_time = co_await move_on_after(10ms, receive_one(in, none));
        CHECK_FALSE(in_time);
        CHECK(box.statistics().receivers_waiting == 0);
      }
      REQUIRE(out.try_send(1) == send_status::accepted);
      CHECK(box.statistics().depth == 1); // handed to nobody
    });
    CHECK(ended.has_value());
    CHECK(simulated.clock().timers() == 0);
  });
}
