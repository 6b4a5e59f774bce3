#include <troupe/mailbox/inbox.hpp>

#include <tests/mailbox/parcel.hpp>
#include <tests/mailbox/simulated.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

void fill(const sender<int>& out, int from, int to) {
  for (int i = from; i < to; ++i)
    REQUIRE(out.try_send(int{i}) == send_status::accepted);
}

} // namespace

TEST_CASE("an inbox takes items in order and ends when the mailbox is closed and drained", "[mailbox]") {
  simulate([]() -> task<> {
    for (const std::size_t slots : {1u, 3u, 64u, 200u}) {
      mailbox<int> box{capacity{slots}};
      std::vector<int> got;
      co_await in_task_group([&](task_group& group) {
        group.start(
            [](sender<int> out) -> task<> {
              for (int i = 0; i < 500; ++i)
                co_await out.send(i);
            },
            box.sender());
        group.start(
            [](inbox<int> in, std::vector<int>& into) -> task<> {
              while (auto item = co_await in.receive())
                into.push_back(*item);
            },
            box.inbox(), std::ref(got));
      });
      REQUIRE(got.size() == 500);
      for (int i = 0; i < 500; ++i)
        REQUIRE(got[static_cast<std::size_t>(i)] == i);
      CHECK(box.statistics().handled == 500);
      CHECK(box.statistics().depth_max <= slots);
    }
  });
}

TEST_CASE("a claimed item counts against the capacity until its reader waits or has used the claim up", "[mailbox]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{4}};
    const sender<int> out = box.sender();
    const inbox<int> in = box.inbox();
    fill(out, 0, 4);
    {
      auto first = co_await in.receive();
      CHECK(out.try_send(4) == send_status::full); // its slot is free when this fiber says so
      co_await yield();
      CHECK(out.try_send(4) == send_status::accepted);
      CHECK(out.try_send(5) == send_status::full);
      CHECK(*first == 0);
    }
    for (int i = 1; i < 5; ++i) {
      auto item = co_await in.receive();
      CHECK(*item == i);
    }
    CHECK(box.statistics().depth == 0);
    CHECK(box.statistics().handled == 5);
  });
}

TEST_CASE("a reader that stops to receive for something else lets its senders in first", "[mailbox][C1]") {
  // Three of four are claimed, a sender waits with its word, and the reader waits for what that sender does next.
  simulate([]() -> task<> {
    mailbox<int> box{capacity{4}};
    mailbox<int> answers{capacity{1}};
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](sender<int> out, sender<int> answer) -> task<> {
            for (int i = 0; i < 5; ++i)
              co_await out.send(i);
            co_await answer.send(5);
          },
          box.sender(), answers.sender());
      group.start(
          [](inbox<int> in, inbox<int> answer) -> task<> {
            co_await sleep_for(1s); // the fifth waits for room
            { auto first = co_await in.receive(); }
            auto word = co_await answer.receive();
            CHECK(*word == 5);
          },
          box.inbox(), answers.inbox());
    });
  });
}

TEST_CASE("an inbox may be handed to another fiber in the middle of a claim", "[mailbox]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{100}};
    std::vector<int> got;
    {
      const sender<int> out = box.sender();
      fill(out, 0, 50);
    }
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](task_group& all, inbox<int> in, std::vector<int>& into) -> task<> {
            for (int i = 0; i < 10; ++i) {
              auto item = co_await in.receive();
              into.push_back(*item);
            }
            all.start(
                [](inbox<int> rest, std::vector<int>& further) -> task<> {
                  while (auto item = co_await rest.receive())
                    further.push_back(*item);
                },
                std::move(in), std::ref(into));
          },
          std::ref(group), box.inbox(), std::ref(got));
    });
    REQUIRE(got.size() == 50);
    for (int i = 0; i < 50; ++i)
      CHECK(got[static_cast<std::size_t>(i)] == i);
    CHECK(box.statistics().handled == 50);
  });
}

TEST_CASE("a reader that goes gives up what it has claimed, in order", "[mailbox][C5]") {
  std::vector<int> lost;
  simulate([&]() -> task<> {
    mailbox<int> box{capacity{100}, [&](int&& item, drop_reason reason) {
                       CHECK(reason == drop_reason::no_receiver);
                       lost.push_back(item);
                     }};
    const sender<int> out = box.sender();
    fill(out, 0, 6);
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](inbox<int> in, const sender<int>& more) -> task<> {
            { auto first = co_await in.receive(); }
            fill(more, 6, 30); // the ring grows while the claim lasts
            { auto second = co_await in.receive(); }
          },
          box.inbox(), std::ref(out));
    });
    CHECK(box.statistics().closed);
    CHECK(box.statistics().handled == 2);
    CHECK(box.statistics().dropped_by(drop_reason::no_receiver) == 28);
  });
  REQUIRE(lost.size() == 28);
  for (int i = 0; i < 28; ++i)
    CHECK(lost[static_cast<std::size_t>(i)] == i + 2);
}

TEST_CASE("close_and_return gives back what is queued and not claimed, and settles it", "[mailbox][C9]") {
  simulate(
      []() -> task<> {
        std::vector<std::pair<int, drop_reason>> lost;
        mailbox<int> box{capacity{100}, [&](int&& item, drop_reason reason) { lost.emplace_back(item, reason); }};
        const sender<int> out = box.sender();
        const inbox<int> in = box.inbox();
        fill(out, 0, 3);
        { auto first = co_await in.receive(); }
        fill(out, 3, 10); // after the claim
        const std::vector<int> returned = box.close_and_return();
        CHECK(returned == std::vector{3, 4, 5, 6, 7, 8, 9});
        const send_status status = co_await out.send(10);
        CHECK(status == send_status::closed);
        for (int i = 1; i < 3; ++i) {
          auto item = co_await in.receive();
          CHECK(*item == i);
        }
        const auto end = co_await in.receive();
        CHECK_FALSE(end);
        const mailbox_statistics now = box.statistics();
        CHECK(now.returned == 7);
        CHECK(now.handled == 3);
        CHECK(now.settled == now.sent);
        CHECK(lost == std::vector<std::pair<int, drop_reason>>{{10, drop_reason::closed}});
      },
      {}); // as many operations at a time as there are items
}

TEST_CASE("close_and_return asks of an item only that it can be moved out", "[mailbox][C9]") {
  struct constant {
    explicit constant(int n) : number(n) {}
    constant(constant&&) = default;
    constant& operator=(constant&&) = delete;
    const int number;
  };
  const mailbox<constant> box{capacity{20}};
  const sender<constant> out = box.sender();
  for (int i = 0; i < 13; ++i)
    REQUIRE(out.try_send(constant{i}) == send_status::accepted);
  const auto returned = box.close_and_return();
  REQUIRE(returned.size() == 13);
  for (int i = 0; i < 13; ++i)
    CHECK(returned[static_cast<std::size_t>(i)].number == i);
  CHECK(box.statistics().depth == 0);
  CHECK(box.statistics().settled == 13);
}

TEST_CASE("close_and_return gives back everything of a mailbox with receivers, and ends who waits", "[mailbox][C9]") {
  simulate([]() -> task<> {
    mailbox<std::unique_ptr<int>> box{capacity{2}};
    const auto out = box.sender();
    const auto in = box.receiver();
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < 3; ++i)
        group.start(
            [](sender<std::unique_ptr<int>> to, int number) -> task<> {
              auto item = std::make_unique<int>(number);
              const send_status status = co_await to.send(std::move(item));
              CHECK((item != nullptr) == (status == send_status::closed)); // the third keeps what it could not send
            },
            out, i);
      group.start(
          [](mailbox<std::unique_ptr<int>>& of) -> task<> {
            while (of.statistics().senders_waiting == 0)
              co_await yield();
            const auto returned = of.close_and_return();
            CHECK(returned.size() == 2);
            CHECK(of.close_and_return().empty());
          },
          std::ref(box));
    });
    CHECK(box.statistics().returned == 2);
    co_await box.join();
    const auto end = co_await in.receive();
    CHECK_FALSE(end);
  });
}

TEST_CASE("what a reader takes out of its claim settles as from any mailbox", "[mailbox][C7][C9]") {
  ledger books{8};
  simulate([&]() -> task<> {
    mailbox<parcel> box{capacity{8}, into_the_books()};
    {
      const sender<parcel> out = box.sender();
      for (std::size_t i = 0; i < 8; ++i)
        co_await out.send(books, i);
    }
    std::optional<inbox<parcel>> in{box.inbox()};
    { // handled
      auto item = co_await in->receive();
      item->handled();
    }
    const auto crashed = co_await as_outcome([](inbox<parcel>& from) -> task<> { // crashed
      auto item = co_await from.receive();
      throw std::runtime_error("crash");
    }(*in));
    CHECK(crashed.has_error());
    const bool ended = co_await move_on_after(1s, [](inbox<parcel>& from) -> task<> { // cancelled in hand
      auto item = co_await from.receive();
      co_await sleep_for(1h);
    }(*in));
    CHECK_FALSE(ended);
    try { // crashed, and caught in the frame that received it
      auto item = co_await in->receive();
      throw std::runtime_error("crash");
    } catch (const std::runtime_error&) {
    }
    received<parcel> moved;
    {
      auto item = co_await in->receive();
      moved = std::move(item);
    }
    CHECK(box.statistics().in_hand == 1);
    moved->handled();
    moved = {};
    if (auto item = in->try_receive())
      item->handled();
    in.reset(); // two are left
    co_await box.join();
    CHECK(box.statistics().handled == 3);
    CHECK(books.problems(box.statistics()) == "");
    CHECK(books.dropped_count(drop_reason::crashed) == 2);
    CHECK(books.dropped_count(drop_reason::handling_cancelled) == 1);
    CHECK(books.dropped_count(drop_reason::no_receiver) == 2);
  });
}

TEST_CASE("join hears of what a reader has let go when the reader next waits for anything", "[mailbox][C9]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{10}};
    const sender<int> out = box.sender();
    fill(out, 0, 3);
    bool joined = false;
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](inbox<int> in, const bool& done) -> task<> {
            for (int i = 0; i < 3; ++i)
              auto item = co_await in.receive();
            co_await sleep_for(1h); // holds the inbox, receives no more
            CHECK(done);
          },
          box.inbox(), std::cref(joined));
      group.start(
          [](mailbox<int>& of, bool& done) -> task<> {
            const bool ended =
                co_await move_on_after(1s, [](mailbox<int>& mine) -> task<> { co_await mine.join(); }(of));
            CHECK(ended);
            done = true;
          },
          std::ref(box), std::ref(joined));
    });
    CHECK(joined);
  });
}

TEST_CASE("a reader claims no more than it takes in a moment, and the rest stays in the mailbox", "[mailbox][C5]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{200}};
    const sender<int> out = box.sender();
    fill(out, 0, 200);
    const inbox<int> in = box.inbox();
    { auto first = co_await in.receive(); }
    const std::size_t returned = box.close_and_return().size(); // a claim is no longer than the rest of the slice
    CHECK(returned >= 200 - detail::claimed_max);
    CHECK(returned < 200);
  });
}

TEST_CASE("what may be given up for a newer item is not claimed, so a slot is free once its item is taken",
          "[mailbox][C13]") {
  for (const overflow on_full : {overflow::drop_oldest, overflow::conflate})
    simulate([on_full]() -> task<> {
      int lost = 0;
      const mailbox<int> box{capacity{2}, on_full, [&](int&&, drop_reason) { ++lost; }};
      const sender<int> out = box.sender();
      const inbox<int> in = box.inbox();
      fill(out, 1, 3);
      { auto first = co_await in.receive(); }
      fill(out, 3, 4); // there is room
      CHECK(lost == 0);
      fill(out, 4, 5);
      CHECK(lost == 1);
      auto next = co_await in.receive();
      CHECK(*next == (on_full == overflow::conflate ? 2 : 3));
      auto last = co_await in.receive();
      CHECK(*last == 4);
    });
}

TEST_CASE("a reader that has gone is known to no fiber any more, nor is its mailbox", "[mailbox][C5]") {
  simulate([]() -> task<> {
    for (const bool moved_on : {false, true}) {
      const mailbox<int> box{capacity{1}};
      std::optional<inbox<int>> in{box.inbox()};
      co_await box.sender().send(1);
      received<int> elsewhere;
      {
        auto item = co_await in->receive();
        elsewhere = std::move(item);
      }
      if (moved_on)
        const inbox<int> last{std::move(*in)};
      else
        in.reset();
      elsewhere = {}; // settled by itself: nothing keeps the mailbox for this fiber
    }
    co_await yield();
  });
}
