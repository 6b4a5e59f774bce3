#include <troupe/mailbox/sending.hpp>

#include <tests/mailbox/parcel.hpp>
#include <tests/mailbox/simulated.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("senders that wait are served in order, reserve and send in one line, and nobody overtakes them",
          "[mailbox][C12]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const receiver<int> in = box.receiver();
    const sender<int> newcomer = box.sender();
    co_await newcomer.send(0);
    std::vector<int> got;
    co_await in_task_group([&](task_group& group) {
      for (int i = 1; i <= 6; ++i)
        group.start(
            [](sender<int> out, int number) -> task<> {
              while (out.statistics().senders_waiting != static_cast<std::size_t>(number) - 1)
                co_await yield();
              if (number % 2 == 0) {
                permit<int> slot = co_await out.reserve();
                slot.send(number);
              } else {
                co_await out.send(number);
              }
            },
            box.sender(), i);
      group.start(
          [](receiver<int> from, sender<int> out, std::vector<int>& into) -> task<> {
            while (from.statistics().senders_waiting < 6)
              co_await yield();
            for (int i = 0; i <= 6; ++i) {
              auto item = co_await from.receive();
              if (from.statistics().senders_waiting > 0)
                CHECK(out.try_send(99) == send_status::full);
              into.push_back(*item);
            }
          },
          in, newcomer, std::ref(got));
    });
    CHECK(got == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
  });
}

TEST_CASE("a freed slot belongs to the first parked sender at once", "[mailbox]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{2}};
    const receiver<int> in = box.receiver();
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](sender<int> out) -> task<> {
            for (int i = 0; i < 3; ++i)
              co_await out.send(i);
          },
          box.sender());
      group.start(
          [](receiver<int> from) -> task<> {
            while (from.statistics().senders_waiting == 0)
              co_await yield();
            auto item = from.try_receive();
            CHECK(from.statistics().depth == 2); // it was moved in although its sender has not run
            CHECK(from.statistics().senders_waiting == 0);
          },
          in);
    });
  });
}

TEST_CASE("a stopped send gives its item to the handler once, and moves from no object", "[mailbox][C6][Q-029]") {
  for (const bool handler_takes : {false, true})
    simulate([handler_takes]() -> task<> {
      ledger books{3};
      std::vector<std::size_t> told;
      std::optional<parcel> rescued;
      const mailbox<parcel> box{capacity{1}, [&](parcel&& item, drop_reason reason) {
                                  CHECK(reason == drop_reason::send_cancelled);
                                  item.dropped(reason);
                                  told.push_back(item.number());
                                  if (handler_takes)
                                    rescued.emplace(std::move(item));
                                }};
      const sender<parcel> out = box.sender();
      co_await out.send(books, std::size_t{0});
      bool was_here = false;
      bool ended = co_await move_on_after(1s, [](const sender<parcel>& to, ledger& known, bool& here) -> task<> {
        struct looks {
          parcel item;
          bool& here;
          looks(ledger& mine, bool& found) : item(mine, 1), here(found) {}
          ~looks() { here = item.is_here(); }
        };
        looks mine{known, here};
        co_await to.send(std::move(mine.item));
      }(out, books, was_here));
      CHECK_FALSE(ended);
      CHECK(was_here == !handler_takes);
      rescued.reset();
      ended = co_await move_on_after(1s, [](const sender<parcel>& to, ledger& known) -> task<> {
        co_await to.send(known, std::size_t{2});
      }(out, books));
      CHECK_FALSE(ended);
      rescued.reset();
      CHECK(told == std::vector<std::size_t>{1, 2});
      const mailbox_statistics now = box.statistics();
      CHECK(now.dropped[static_cast<std::size_t>(drop_reason::send_cancelled)] == 2);
      CHECK((now.sent == 1 && now.senders_waiting == 0 && now.depth == 1));
      CHECK(books.alive() == 1);
      const receiver<parcel> in = box.receiver();
      in.try_receive()->handled();
      CHECK(books.problems(box.statistics()) == "");
    });
}

TEST_CASE("a send that begins when a stop is pending sends nothing, although there is room", "[mailbox][C6][C7]") {
  ledger books{2};
  const mailbox<parcel> box{capacity{2}, into_the_books()};
  const sender<parcel> out = box.sender();
  REQUIRE(out.try_send(parcel{books, 0}) == send_status::accepted);
  const receiver<parcel> in = box.receiver();
  simulate([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](const sender<parcel>& to, ledger& known, task_group& all) -> task<> {
            all.cancel();
            co_await to.send(known, std::size_t{1});
            FAIL_CHECK("a stopped send returned");
          },
          std::ref(out), std::ref(books), std::ref(group));
      group.start(
          [](const receiver<parcel>& from, task_group& all) -> task<> {
            all.cancel();
            co_await from.receive();
            FAIL_CHECK("a stopped receive returned");
          },
          std::ref(in), std::ref(group));
    });
  });
  CHECK(box.statistics().sent == 1);
  CHECK(box.statistics().depth == 1);
  CHECK(books.dropped_count(drop_reason::send_cancelled) == 1);
  in.try_receive()->handled();
  CHECK(books.problems(box.statistics()) == "");
}

TEST_CASE("a stopped reserve leaves no slot held, and a permit that a stop meets gives its slot back",
          "[mailbox][C6]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const sender<int> out = box.sender();
    const bool ended = co_await move_on_after(1s, [](const sender<int>& to) -> task<> {
      const permit<int> held = co_await to.reserve();
      CHECK(held);
      const permit<int> second = co_await to.reserve(); // waits for the first
    }(out));
    CHECK_FALSE(ended);
    CHECK(box.statistics().reserved == 0);
    CHECK(box.statistics().senders_waiting == 0);
    CHECK(out.try_send(1) == send_status::accepted);
  });
}

TEST_CASE("a slot that was granted before the cancel is given back at the next wait", "[mailbox][C6][Q-030]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const receiver<int> in = box.receiver();
    const sender<int> out = box.sender();
    co_await out.send(1);
    bool granted = false;
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](const sender<int>& to, bool& got) -> task<> {
            const permit<int> held = co_await to.reserve();
            got = static_cast<bool>(held);
            co_await checkpoint();
          },
          std::ref(out), std::ref(granted));
      group.start(
          [](const receiver<int>& from, task_group& all) -> task<> {
            while (from.statistics().senders_waiting == 0)
              co_await yield();
            { auto item = from.try_receive(); }
            all.cancel();
          },
          std::ref(in), std::ref(group));
    });
    CHECK(granted);
    CHECK(box.statistics().reserved == 0);
  });
}

namespace {

std::string made(int number) { return std::string(64, static_cast<char>('a' + number)); }

} // namespace

TEST_CASE("an item made in the expression that sends it lives until it is accepted", "[mailbox][C6]") {
  simulate([]() -> task<> {
    const mailbox<std::string> box{capacity{1}};
    std::vector<std::string> got;
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](sender<std::string> out) -> task<> {
            for (int i = 0; i < 4; ++i) {
              co_await out.send(made(i));
              const std::string kept = made(i);
              co_await out.send(kept.c_str(), kept.size() / 2);
            }
          },
          box.sender());
      group.start(
          [](receiver<std::string> in, std::vector<std::string>& into) -> task<> {
            while (auto item = co_await in.receive())
              into.push_back(*std::move(item));
          },
          box.receiver(), std::ref(got));
    });
    REQUIRE(got.size() == 8);
    for (int i = 0; i < 4; ++i) {
      CHECK(got[static_cast<std::size_t>(2 * i)] == made(i));
      CHECK(got[static_cast<std::size_t>(2 * i) + 1] == made(i).substr(0, 32));
    }
  });
}
