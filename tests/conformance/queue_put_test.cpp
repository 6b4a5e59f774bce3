// asyncio's cases about putting into a queue, and about cancels that meet a put or a get on its way.

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<bool> send_one(sender<int> out, int item) {
  const send_status status = co_await out.send(item);
  co_return status == send_status::accepted;
}

/// Says what it got, then comes to its next wait.
task<> receive_one(receiver<int> in, std::vector<int>& got) {
  if (const auto item = co_await in.receive())
    got.push_back(*item);
  co_await checkpoint();
}

task<> until_waiting(const mailbox<int>& box, std::size_t receivers, std::size_t senders) {
  while (box.statistics().receivers_waiting != receivers || box.statistics().senders_waiting != senders)
    co_await yield();
}

/// What is queued, taken out.
std::vector<int> left_in(const receiver<int>& in) {
  std::vector<int> items;
  while (const auto item = in.try_receive())
    items.push_back(*item);
  return items;
}

/// Runs it under some seeds, with a mailbox of so many slots.
template <class Body>
void with_mailbox(std::size_t slots, Body body) {
  over_seeds(50, [&](const simulation_options& options) {
    simulator simulated{options};
    const auto ended = simulated.run([&]() -> task<> {
      const mailbox<int> box{capacity{slots}};
      const auto out = box.sender(); // so that it stays open
      co_await body(box, out);
    });
    CHECK(ended.has_value());
  });
}

} // namespace

TEST_CASE("a mailbox with more slots than memory takes what comes and waits for nobody", "[conformance][Q-017]") {
  with_mailbox(capacity::items_max, [](const mailbox<int>& box, const sender<int>& out) -> task<> {
    for (int i = 0; i < 100; ++i) {
      const send_status status = co_await out.send(i);
      CHECK(status == send_status::accepted);
    }
    CHECK(left_in(box.receiver()).size() == 100);
  });
}

TEST_CASE("try_send says whether it sent, and an item that was refused is still the caller's",
          "[conformance][Q-019][Q-023]") {
  const mailbox<std::unique_ptr<int>> box{capacity{1}};
  const auto out = box.sender();
  const auto in = box.receiver();
  auto first = std::make_unique<int>(1);
  CHECK(out.try_send(std::move(first)) == send_status::accepted);
  CHECK(first == nullptr);
  auto second = std::make_unique<int>(2);
  CHECK(out.try_send(std::move(second)) == send_status::full);
  CHECK(second != nullptr);
  CHECK(**in.try_receive() == 1);
}

TEST_CASE("of three receivers the first is cancelled after the items came, and both items are received",
          "[conformance][Q-021]") {
  with_mailbox(5, [](const mailbox<int>& box, const sender<int>& out) -> task<> {
    std::vector<int> got[3];
    std::vector<child<>> receivers;
    co_await in_task_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i < 3; ++i) {
        receivers.push_back(group.start(receive_one, box.receiver(), std::ref(got[i])));
        co_await until_waiting(box, i + 1, 0);
      }
      REQUIRE(out.try_send(1) == send_status::accepted);
      REQUIRE(out.try_send(2) == send_status::accepted);
      receivers[0].cancel(); // it has its item
      co_await until_waiting(box, 1, 0);
      REQUIRE(out.try_send(3) == send_status::accepted);
    });
    CHECK(got[0] == std::vector{1});
    CHECK(got[1] == std::vector{2});
    CHECK(got[2] == std::vector{3});
    CHECK(receivers[0].result().cancelled());
    CHECK(receivers[1].result().has_value());
    CHECK(box.statistics().handled == 3);
  });
}

TEST_CASE("a sender that is cancelled after its slot was freed has sent, once", "[conformance][Q-022][Q-030]") {
  with_mailbox(1, [](const mailbox<int>& box, const sender<int>& out) -> task<> {
    const auto in = box.receiver();
    co_await out.send(1);
    co_await in_task_group([&](task_group& group) -> task<> {
      auto sending = group.start(send_one, out, 2);
      co_await until_waiting(box, 0, 1);
      CHECK(*in.try_receive() == 1); // the slot, and so the mailbox, is the waiting item's
      sending.cancel();
      const bool sent = co_await sending.value();
      CHECK(sent);
    });
    CHECK(box.statistics().sent == 2);
    CHECK(left_in(in) == std::vector{2});
    CHECK(out.try_send(3) == send_status::accepted);
  });
}

TEST_CASE("a sender that found room is done, and a later cancel of it is nothing", "[conformance][Q-025]") {
  with_mailbox(1, [](const mailbox<int>& box, const sender<int>& out) -> task<> {
    const auto in = box.receiver();
    co_await in_task_group([&](task_group& group) -> task<> {
      auto sending = group.start(send_one, out, 1);
      while (!sending.ended())
        co_await yield();
      sending.cancel();
      const bool sent = co_await sending.value();
      CHECK(sent);
    });
    CHECK(left_in(in) == std::vector{1});
  });
}

TEST_CASE("of senders that wait one is cancelled, and the others come in their order", "[conformance][Q-026]") {
  with_mailbox(1, [](const mailbox<int>& box, const sender<int>& out) -> task<> {
    const auto in = box.receiver();
    co_await out.send(0);
    co_await in_task_group([&](task_group& group) -> task<> {
      std::vector<child<bool>> senders;
      for (std::size_t i = 0; i < 3; ++i) {
        senders.push_back(group.start(send_one, out, static_cast<int>(i) + 1));
        co_await until_waiting(box, 0, i + 1);
      }
      senders[1].cancel();
      std::vector<int> got;
      while (got.size() < 3) {
        const auto item = co_await in.receive();
        got.push_back(*item);
      }
      CHECK(got == std::vector{0, 1, 3});
      CHECK(box.statistics().senders_waiting == 0);
      CHECK(box.statistics().reserved == 0);
      CHECK(out.try_send(4) == send_status::accepted); // the slot is free
      CHECK(out.try_send(5) == send_status::full);     // and it is one
    });
  });
}

TEST_CASE("every slot that is freed lets one sender in, until all have sent", "[conformance][Q-028]") {
  for (const bool in_one_go : {false, true})
    with_mailbox(2, [in_one_go](const mailbox<int>& box, const sender<int>& out) -> task<> {
      const inbox<int> in = box.inbox();
      co_await in_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 4; ++i)
          group.start(send_one, out, i);
        co_await until_waiting(box, 0, 2);
        if (in_one_go) {
          const auto batch = co_await in.receive_up_to(2);
          CHECK(batch.size() == 2);
          CHECK(box.statistics().senders_waiting == 0);
        } else {
          for (std::size_t waiting : {1U, 0U}) {
            static_cast<void>(in.try_receive());
            CHECK(box.statistics().senders_waiting == waiting);
          }
        }
      });
      CHECK(box.statistics().depth == 2);
      CHECK(box.statistics().handled == 2);
    });
}
