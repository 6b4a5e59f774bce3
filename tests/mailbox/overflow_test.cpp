#include <troupe/mailbox/overflow.hpp>

#include <tests/mailbox/simulated.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>

#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;

namespace {

/// A mailbox of two slots, what is sent to it, and what becomes of that.
struct full_mailbox {
  explicit full_mailbox(overflow on_full)
      : box(capacity{2}, on_full, [this](int&& item, drop_reason reason) { lost.emplace_back(item, reason); }) {}

  std::vector<std::pair<int, drop_reason>> lost;
  mailbox<int> box;
};

using losses = std::vector<std::pair<int, drop_reason>>;

/// Sends 1 to 5 into two slots; the status of each, and what the reader then finds.
std::pair<std::vector<send_status>, std::vector<int>> send_five(full_mailbox& full) {
  std::pair<std::vector<send_status>, std::vector<int>> seen;
  simulate([&]() -> task<> {
    const inbox<int> in = full.box.inbox();
    const sender<int> out = full.box.sender();
    for (int i = 1; i <= 5; ++i)
      seen.first.push_back(co_await out.send(i));
    full.box.close();
    while (auto item = co_await in.receive())
      seen.second.push_back(*item);
  });
  return seen;
}

constexpr auto accepted = send_status::accepted;

} // namespace

TEST_CASE("reject refuses what has no room and says so", "[mailbox][C13]") {
  full_mailbox full{overflow::reject};
  const auto [statuses, left] = send_five(full);
  CHECK(statuses == std::vector{accepted, accepted, send_status::full, send_status::full, send_status::full});
  CHECK(left == std::vector{1, 2});
  CHECK(full.lost == losses{{3, drop_reason::rejected}, {4, drop_reason::rejected}, {5, drop_reason::rejected}});
  CHECK(full.box.statistics().dropped_by(drop_reason::rejected) == 3);
  CHECK(full.box.statistics().sent == 2);
}

TEST_CASE("drop_newest keeps what is queued and says that the new item went", "[mailbox][C13]") {
  full_mailbox full{overflow::drop_newest};
  const auto [statuses, left] = send_five(full);
  CHECK(statuses == std::vector{accepted, accepted, send_status::dropped, send_status::dropped, send_status::dropped});
  CHECK(left == std::vector{1, 2});
  CHECK(full.lost == losses{{3, drop_reason::newest}, {4, drop_reason::newest}, {5, drop_reason::newest}});
}

TEST_CASE("drop_oldest accepts everything and gives up the head of the queue", "[mailbox][C9][C13]") {
  full_mailbox full{overflow::drop_oldest};
  const auto [statuses, left] = send_five(full);
  CHECK(statuses == std::vector{accepted, accepted, accepted, accepted, accepted});
  CHECK(left == std::vector{4, 5});
  CHECK(full.lost == losses{{1, drop_reason::oldest}, {2, drop_reason::oldest}, {3, drop_reason::oldest}});
  const mailbox_statistics now = full.box.statistics();
  CHECK(now.sent == 5);
  CHECK(now.settled == 5);
  CHECK(now.handled == 2);
  CHECK(now.depth_max == 2);
}

TEST_CASE("conflate accepts everything and gives up the tail of the queue", "[mailbox][C9][C13]") {
  full_mailbox full{overflow::conflate};
  const auto [statuses, left] = send_five(full);
  CHECK(statuses == std::vector{accepted, accepted, accepted, accepted, accepted});
  CHECK(left == std::vector{1, 5});
  CHECK(full.lost == losses{{2, drop_reason::conflated}, {3, drop_reason::conflated}, {4, drop_reason::conflated}});
  CHECK(full.box.statistics().sent == 5);
  CHECK(full.box.statistics().settled == 5);
}

TEST_CASE("a conflated mailbox of one slot holds the latest item", "[mailbox]") {
  mailbox<int> box{capacity{1}, overflow::conflate};
  const inbox<int> in = box.inbox();
  const sender<int> out = box.sender();
  for (int i = 0; i < 100; ++i)
    REQUIRE(out.try_send(int{i}) == accepted);
  CHECK(*in.try_receive() == 99);
  CHECK_FALSE(in.try_receive());
  CHECK(out.try_send(100) == accepted);
  CHECK(*in.try_receive() == 100);
}

TEST_CASE("try_send never waits: what the strategy refuses stays with the caller and is not counted", "[mailbox][C6]") {
  for (const overflow on_full : {overflow::suspend, overflow::reject, overflow::drop_newest}) {
    full_mailbox full{on_full};
    const receiver<int> in = full.box.receiver();
    const sender<int> out = full.box.sender();
    CHECK(out.try_send(1) == accepted);
    CHECK(out.try_send(2) == accepted);
    CHECK(out.try_send(3) == (on_full == overflow::drop_newest ? send_status::dropped : send_status::full));
    CHECK(full.lost.empty());
    CHECK(full.box.statistics().sent == 2);
  }
  full_mailbox full{overflow::drop_oldest};
  const receiver<int> in = full.box.receiver();
  const sender<int> out = full.box.sender();
  for (int i = 1; i <= 3; ++i)
    CHECK(out.try_send(int{i}) == accepted);
  CHECK(full.lost == losses{{1, drop_reason::oldest}});
}

TEST_CASE("slots that permits hold are not given up for a newer item", "[mailbox][C6]") {
  simulate([]() -> task<> {
    for (const overflow on_full : {overflow::drop_oldest, overflow::conflate}) {
      full_mailbox full{on_full};
      const inbox<int> in = full.box.inbox();
      const sender<int> out = full.box.sender();
      permit<int> first = co_await out.reserve();
      permit<int> second = co_await out.reserve();
      const send_status status = co_await out.send(3);
      CHECK(status == send_status::dropped);
      CHECK(full.lost == losses{{3, drop_reason::newest}});
      first.send(1);
      second.send(2);
      CHECK(*in.try_receive() == 1);
      CHECK(*in.try_receive() == 2);
    }
  });
}

TEST_CASE("reserve waits for a slot whatever the strategy is", "[mailbox][C6]") {
  simulate([]() -> task<> {
    for (const overflow on_full :
         {overflow::reject, overflow::drop_newest, overflow::drop_oldest, overflow::conflate}) {
      full_mailbox full{on_full};
      bool granted = false;
      co_await in_task_group([&](task_group& group) -> task<> {
        const sender<int> out = full.box.sender();
        co_await out.send(1);
        co_await out.send(2);
        group.start(
            [](sender<int> to, bool& got) -> task<> {
              permit<int> slot = co_await to.reserve();
              got = static_cast<bool>(slot);
              slot.send(3);
            },
            full.box.sender(), std::ref(granted));
        while (full.box.statistics().senders_waiting == 0)
          co_await yield();
        const inbox<int> in = full.box.inbox();
        for (int i = 1; i <= 3; ++i) {
          auto item = co_await in.receive();
          CHECK(*item == i);
        }
      });
      CHECK(granted);
      CHECK(full.lost.empty());
    }
  });
}

TEST_CASE("without a word a mailbox suspends", "[mailbox][C13]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{1}};
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    co_await out.send(1);
    CHECK(out.try_send(2) == send_status::full);
    co_await in_task_group([&](task_group& group) {
      group.start([](sender<int> to) -> task<> { co_await to.send(2); }, out);
      group.start(
          [](const mailbox<int>& of, const receiver<int>& from) -> task<> {
            while (of.statistics().senders_waiting == 0)
              co_await yield();
            CHECK(*from.try_receive() == 1);
          },
          std::ref(box), std::ref(in));
    });
    CHECK(*in.try_receive() == 2);
  });
}
