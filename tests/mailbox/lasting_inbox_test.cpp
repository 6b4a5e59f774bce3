#include <troupe/mailbox/lasting_inbox.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/mailbox/sender.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>

#include <memory>
#include <vector>

using namespace troupe;

namespace {

using item = std::unique_ptr<int>;

item made(int value) { return std::make_unique<int>(value); }

std::vector<int> all_of(const detail::lasting_inbox<item>& from) {
  std::vector<int> values;
  inbox<item> lent = from.lend();
  while (received<item> next = lent.try_receive())
    values.push_back(**next);
  return values;
}

} // namespace

TEST_CASE("what is queued stays for the next reader, with what the one before had claimed", "[mailbox][A6]") {
  const mailbox<item> box{capacity{200}};
  const sender<item> to = box.sender();
  const detail::lasting_inbox<item> kept{box};
  for (int i = 0; i < 150; ++i)
    REQUIRE(to.try_send(made(i)) == send_status::accepted);
  {
    inbox<item> first = kept.lend();
    CHECK(**first.try_receive() == 0);
    CHECK(**first.try_receive() == 1);
  }
  const std::vector<int> rest = all_of(kept);
  REQUIRE(rest.size() == 148);
  CHECK(rest.front() == 2);
  CHECK(rest.back() == 149);
  CHECK(box.statistics().settled == 150);
}

TEST_CASE("what is dropped of a queue goes with its reason, oldest first, and the rest keeps its order",
          "[mailbox][A6]") {
  for (const int count : {0, 1, 15, 16, 17, 50, 100}) {
    INFO(count << " items");
    std::vector<int> lost;
    const mailbox<item> box{capacity{100}, [&lost](item&& dropped, drop_reason why) {
                              CHECK(why == drop_reason::restarting);
                              lost.push_back(*dropped);
                            }};
    const sender<item> to = box.sender();
    const detail::lasting_inbox<item> kept{box};
    std::vector<int> expected_lost;
    std::vector<int> expected;
    for (int i = 0; i < count; ++i) {
      REQUIRE(to.try_send(made(i)) == send_status::accepted);
      (i % 3 != 1 ? expected_lost : expected).push_back(i);
    }
    kept.drop_if([](const item& each) { return *each % 3 != 1; }, drop_reason::restarting);
    CHECK(lost == expected_lost);
    CHECK(box.statistics().depth == expected.size());
    CHECK(all_of(kept) == expected);
    const mailbox_statistics books = box.statistics();
    CHECK(books.sent == books.settled);
    CHECK(books.dropped_by(drop_reason::restarting) == expected_lost.size());
  }
}

TEST_CASE("senders that wait for room get what is dropped of a queue", "[mailbox][A6]") {
  simulator simulated{tests::in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const mailbox<item> box{capacity{2}};
    const detail::lasting_inbox<item> kept{box};
    co_await in_task_group([&](task_group& group) -> task<> {
      const sender<item> to = box.sender();
      for (int i = 0; i < 4; ++i)
        group.start([](sender<item> into, int value) -> task<> { co_await into.send(made(value)); }, to, i);
      while (box.statistics().senders_waiting != 2)
        co_await yield();
      kept.drop_if([](const item&) { return true; }, drop_reason::restarting);
      CHECK(box.statistics().depth == 2);
      CHECK(box.statistics().senders_waiting == 0);
    });
    kept.close_and_drop();
    CHECK(box.statistics().dropped_by(drop_reason::no_receiver) == 2);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a mailbox that was closed takes items again once it is opened", "[mailbox][A7]") {
  const mailbox<item> box{capacity{2}};
  const sender<item> to = box.sender();
  const detail::lasting_inbox<item> kept{box};
  REQUIRE(to.try_send(made(1)) == send_status::accepted);
  kept.close_and_drop();
  CHECK(kept.closed());
  CHECK(to.try_send(made(2)) == send_status::closed);
  kept.reopen();
  CHECK_FALSE(kept.closed());
  CHECK(to.try_send(made(3)) == send_status::accepted);
  CHECK(all_of(kept) == std::vector{3});
}
