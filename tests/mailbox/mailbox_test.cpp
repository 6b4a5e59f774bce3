#include <troupe/mailbox/mailbox.hpp>

#include <tests/mailbox/parcel.hpp>
#include <tests/mailbox/simulated.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::tests;

namespace {

task<> drain(receiver<int> in, std::vector<int>& into) {
  while (auto item = co_await in.receive())
    into.push_back(*item);
}

std::uint64_t dropped(const mailbox_statistics& now, drop_reason reason) {
  return now.dropped[static_cast<std::size_t>(reason)];
}

} // namespace

TEST_CASE("a full mailbox answers full to try_send and keeps the item", "[mailbox][C6]") {
  const mailbox<std::unique_ptr<int>> box{capacity{1}};
  const sender<std::unique_ptr<int>> out = box.sender();
  CHECK(out.try_send(std::make_unique<int>(1)) == send_status::accepted);
  auto second = std::make_unique<int>(2);
  CHECK(out.try_send(std::move(second)) == send_status::full);
  REQUIRE(second);
  const receiver<std::unique_ptr<int>> in = box.receiver();
  CHECK(**in.try_receive() == 1);
  CHECK(out.try_send(std::move(second)) == send_status::accepted);
  CHECK_FALSE(second);
  CHECK(**in.try_receive() == 2);
  CHECK_FALSE(in.try_receive());
}

TEST_CASE("a closed mailbox answers closed to try_send and keeps the item", "[mailbox][C6]") {
  const mailbox<std::unique_ptr<int>> box{capacity{1}};
  const sender<std::unique_ptr<int>> out = box.sender();
  out.close();
  auto item = std::make_unique<int>(1);
  CHECK(out.try_send(std::move(item)) == send_status::closed);
  CHECK(item);
  CHECK(dropped(box.statistics(), drop_reason::closed) == 0); // the caller has it
}

TEST_CASE("send takes an object, a copy of one, or the arguments of one", "[mailbox]") {
  simulate([]() -> task<> {
    const mailbox<std::string> box{capacity{8}};
    const sender<std::string> out = box.sender();
    const receiver<std::string> in = box.receiver();
    std::string moved(100, 'm');
    std::string copied(100, 'c');
    const std::string constant(100, 'k');
    send_status status = co_await out.send(std::move(moved));
    CHECK(status == send_status::accepted);
    status = co_await out.send(copied);
    CHECK(status == send_status::accepted);
    status = co_await out.send(constant);
    CHECK(status == send_status::accepted);
    status = co_await out.send(std::size_t{3}, 'a');
    CHECK(status == send_status::accepted);
    status = co_await out.send("literal");
    CHECK(status == send_status::accepted);
    status = co_await out.send();
    CHECK(status == send_status::accepted);
    CHECK(copied == std::string(100, 'c'));
    std::vector<std::string> got;
    out.close();
    while (auto item = co_await in.receive())
      got.push_back(std::move(*item));
    CHECK(got == std::vector<std::string>{std::string(100, 'm'), copied, constant, "aaa", "literal", ""});
  });
}

TEST_CASE("the mailbox closes when the last copy of its sender goes, and the rest can be received", "[mailbox][C5]") {
  for (const std::size_t slots : {std::size_t{1}, std::size_t{100}})
    simulate([slots]() -> task<> {
      const mailbox<int> box{capacity{slots}};
      std::optional<sender<int>> first{box.sender()};
      std::optional<sender<int>> copy{*first};
      const receiver<int> in = box.receiver();
      co_await first->send(1);
      first.reset();
      CHECK_FALSE(box.statistics().closed);
      const sender<int> moved{std::move(*copy)};
      copy.reset();
      CHECK_FALSE(box.statistics().closed);
      { const sender<int> last{box.sender()}; }
      CHECK_FALSE(box.statistics().closed);
      { const sender<int> gone{std::move(const_cast<sender<int>&>(moved))}; }
      CHECK(box.statistics().closed);
      auto item = co_await in.receive();
      REQUIRE(item);
      CHECK(*item == 1);
      auto none = co_await in.receive();
      CHECK_FALSE(none);
    });
}

TEST_CASE("the mailbox closes when the last copy of its receiver goes, and gives up what is queued",
          "[mailbox][C5][E6]") {
  ledger books{4};
  const mailbox<parcel> box{capacity{3}, into_the_books()};
  simulate([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](sender<parcel> out, ledger& known) -> task<> {
            for (std::size_t i = 0; i < 3; ++i)
              co_await out.send(known, i);
            const send_status status = co_await out.send(known, std::size_t{3});
            CHECK(status == send_status::closed); // it was waiting
          },
          box.sender(), std::ref(books));
      group.start(
          [](receiver<parcel> in) -> task<> {
            std::optional<receiver<parcel>> copy{in};
            while (in.statistics().senders_waiting == 0)
              co_await yield();
          },
          box.receiver());
    });
  });
  CHECK(books.problems(box.statistics()) == "");
  CHECK(dropped(box.statistics(), drop_reason::no_receiver) == 3);
  CHECK(dropped(box.statistics(), drop_reason::closed) == 1);
}

TEST_CASE("a close by hand ends each kind of wait and lets what is queued be received", "[mailbox][C5]") {
  for (const std::size_t slots : {std::size_t{1}, std::size_t{100}})
    simulate([slots]() -> task<> {
      const mailbox<int> box{capacity{slots}};
      const mailbox<int> empty{capacity{slots}};
      std::vector<int> got;
      int closed = 0;
      const sender<int> keeps_it_open = empty.sender();
      co_await in_task_group([&](task_group& group) {
        group.start(
            [](sender<int> out, int& ended) -> task<> {
              while (out.statistics().depth < out.statistics().capacity)
                co_await out.send(1);
              const send_status status = co_await out.send(2);
              ended += status == send_status::closed;
            },
            box.sender(), std::ref(closed));
        group.start(
            [](sender<int> out, int& ended) -> task<> {
              while (out.statistics().senders_waiting == 0)
                co_await yield();
              const permit<int> none = co_await out.reserve();
              if (!none)
                ++ended;
              const send_status status = co_await out.send(3);
              ended += status == send_status::closed;
            },
            box.sender(), std::ref(closed));
        group.start(drain, empty.receiver(), std::ref(got));
        group.start(
            [](mailbox<int> full, mailbox<int> other) -> task<> {
              while (full.statistics().senders_waiting < 2 || other.statistics().receivers_waiting == 0)
                co_await yield();
              full.close();
              other.close();
              full.close();
            },
            box, empty);
      });
      CHECK(closed == 3);
      CHECK(got.empty());
      CHECK(dropped(box.statistics(), drop_reason::closed) == 2);
      co_await drain(box.receiver(), got);
      CHECK(got == std::vector<int>(slots, 1));
    });
}

TEST_CASE("a permit holds its slot, sends without waiting, and is used up", "[mailbox][C6]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    permit<int> slot = co_await out.reserve();
    REQUIRE(slot);
    CHECK(box.statistics().reserved == 1);
    CHECK(box.statistics().depth == 0);
    CHECK(out.try_send(1) == send_status::full);
    permit<int> moved = std::move(slot);
    CHECK_FALSE(slot);
    moved.send(2);
    CHECK_FALSE(moved);
    CHECK(box.statistics().reserved == 0);
    CHECK(box.statistics().depth == 1);
    CHECK(*in.try_receive() == 2);
  });
}

TEST_CASE("a permit that goes unused gives its slot to who waits first", "[mailbox][C6]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const receiver<int> in = box.receiver();
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](sender<int> out) -> task<> {
            permit<int> slot = co_await out.reserve();
            while (out.statistics().senders_waiting == 0)
              co_await yield();
            slot = {};
            CHECK(out.statistics().depth == 1);
          },
          box.sender());
      group.start(
          [](sender<int> out) -> task<> {
            while (out.statistics().reserved == 0)
              co_await yield();
            const send_status status = co_await out.send(7);
            CHECK(status == send_status::accepted);
          },
          box.sender());
    });
    CHECK(*in.try_receive() == 7);
    CHECK(box.statistics().reserved == 0);
  });
}

TEST_CASE("a permit used for a parked receiver frees its slot for who waits to send", "[mailbox][C1][C6]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    std::vector<int> got;
    co_await in_task_group([&](task_group& group) {
      group.start(drain, box.receiver(), std::ref(got));
      group.start(
          [](sender<int> out) -> task<> {
            permit<int> slot = co_await out.reserve();
            while (out.statistics().senders_waiting == 0 || out.statistics().receivers_waiting == 0)
              co_await yield();
            slot.send(1); // straight to the receiver
          },
          box.sender());
      group.start(
          [](sender<int> out) -> task<> {
            while (out.statistics().reserved == 0)
              co_await yield();
            co_await out.send(2);
          },
          box.sender());
    });
    CHECK(got == std::vector<int>{1, 2});
  });
}

TEST_CASE("receivers of a closed mailbox wait for what permits may still bring", "[mailbox][C6]") {
  for (const bool used : {true, false})
    simulate([used]() -> task<> {
      const mailbox<int> box{capacity{1}};
      const sender<int> stays = box.sender(); // so that no last sender closes it a second time
      std::vector<int> got;
      co_await in_task_group([&](task_group& group) {
        group.start(drain, box.receiver(), std::ref(got));
        group.start(drain, box.receiver(), std::ref(got));
        group.start(
            [](sender<int> out, bool send) -> task<> {
              permit<int> slot = co_await out.reserve();
              out.close();
              while (out.statistics().receivers_waiting < 2)
                co_await yield();
              if (send)
                slot.send(5);
            },
            box.sender(), used);
      });
      CHECK(got == std::vector<int>(used ? 1 : 0, 5));
    });
}

TEST_CASE("a permit that is used after the last receiver has gone drops its item at once", "[mailbox][C6][C9]") {
  simulate([]() -> task<> {
    ledger books{1};
    const mailbox<parcel> box{capacity{4}, into_the_books()};
    const sender<parcel> out = box.sender();
    permit<parcel> slot = co_await out.reserve();
    { const receiver<parcel> last = box.receiver(); }
    REQUIRE(slot);
    slot.send(books, 0U);
    CHECK(books.problems(box.statistics()) == "");
    CHECK(dropped(box.statistics(), drop_reason::no_receiver) == 1);
    co_await box.join();
  });
}

namespace {

class throws_when_made {
public:
  explicit throws_when_made(bool throws) {
    if (throws)
      throw std::runtime_error("not made");
  }
};

class counts_moves {
public:
  explicit counts_moves(int& moves) noexcept : moves_(&moves) {}
  counts_moves(counts_moves&& other) noexcept : moves_(other.moves_) { ++*moves_; }

private:
  int* moves_;
};

} // namespace

TEST_CASE("an item that cannot be made is not sent, and its permit keeps the slot", "[mailbox][C6]") {
  simulate([]() -> task<> {
    const mailbox<throws_when_made> box{capacity{1}};
    const sender<throws_when_made> out = box.sender();
    permit<throws_when_made> slot = co_await out.reserve();
    CHECK_THROWS_AS(slot.send(true), std::runtime_error);
    REQUIRE(slot);
    CHECK(box.statistics().reserved == 1);
    slot = {};
    bool thrown = false;
    try {
      co_await out.send(true);
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    CHECK(thrown);
    CHECK(box.statistics().sent == 0);
    const send_status status = co_await out.send(false);
    CHECK(status == send_status::accepted);
  });
}

TEST_CASE("a permit's send finds its slot made, so it cannot fail for lack of memory", "[mailbox][C6]") {
  simulate([]() -> task<> {
    int moves = 0;
    const mailbox<counts_moves> box{capacity{9}};
    const sender<counts_moves> out = box.sender();
    permit<counts_moves> slot = co_await out.reserve();
    for (int i = 0; i < 8; ++i)
      REQUIRE(out.try_send(counts_moves{moves}) == send_status::accepted);
    int moves_of_permit = 0;
    moves = 0;
    slot.send(moves_of_permit);
    CHECK(moves == 0); // the queue did not grow
    CHECK(box.statistics().depth == 9);
  });
}

TEST_CASE("a half outlives the mailbox object", "[mailbox][C5]") {
  simulate([]() -> task<> {
    std::vector<int> got;
    co_await in_task_group([&](task_group& group) {
      const mailbox<int> box{capacity{1}};
      group.start(drain, box.receiver(), std::ref(got));
      group.start(
          [](sender<int> out) -> task<> {
            for (int i = 0; i < 5; ++i)
              co_await out.send(i);
          },
          box.sender());
    });
    CHECK(got == std::vector<int>{0, 1, 2, 3, 4});
  });
}

TEST_CASE("a side that has no half when the mailbox object goes will never have one", "[mailbox][C5]") {
  simulate([]() -> task<> {
    int undelivered = 0;
    std::optional<mailbox<int>> box{std::in_place, capacity{1}, [&](int&&, drop_reason) { ++undelivered; }};
    const sender<int> out = box->sender();
    send_status status = co_await out.send(1);
    CHECK(status == send_status::accepted);
    box.reset();
    CHECK(undelivered == 1);
    status = co_await out.send(2);
    CHECK(status == send_status::closed);
    box.emplace(capacity{1});
    const receiver<int> in = box->receiver();
    box.reset();
    auto none = co_await in.receive();
    CHECK_FALSE(none);
  });
}

TEST_CASE("join returns at once when nothing is unsettled, and waits for handled, crashed, cancelled and dropped ones",
          "[mailbox][C9]") {
  simulate([]() -> task<> {
    ledger books{4};
    mailbox<parcel> box{capacity{8}, into_the_books()};
    co_await box.join();
    std::optional<receiver<parcel>> in{box.receiver()};
    const sender<parcel> out = box.sender();
    for (std::size_t i = 0; i < 4; ++i)
      co_await out.send(books, i);
    int joined = 0;
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < 3; ++i)
        group.start(
            [](mailbox<parcel>& of, int& count) -> task<> {
              co_await of.join();
              ++count;
            },
            std::ref(box), std::ref(joined));
      group.start(
          [](std::optional<receiver<parcel>>& from, int& count) -> task<> {
            co_await yield();
            {
              auto handled = co_await from->receive();
              handled->handled();
            }
            try {
              auto crashed = co_await from->receive();
              throw std::runtime_error("crash");
            } catch (const std::runtime_error&) {
            }
            co_await in_task_group([&](task_group& inner) {
              inner.start(
                  [](receiver<parcel> mine, task_group& group_of) -> task<> {
                    auto cancelled = co_await mine.receive();
                    group_of.cancel();
                    co_await checkpoint();
                  },
                  *from, std::ref(inner));
            });
            for (int i = 0; i < 20; ++i)
              co_await yield();
            CHECK(count == 0);
            from.reset();
          },
          std::ref(in), std::ref(joined));
    });
    CHECK(joined == 3);
    CHECK(books.problems(box.statistics()) == "");
    CHECK(box.statistics().handled == 1);
    CHECK(dropped(box.statistics(), drop_reason::crashed) == 1);
    CHECK(dropped(box.statistics(), drop_reason::handling_cancelled) == 1);
    CHECK(dropped(box.statistics(), drop_reason::no_receiver) == 1);
  });
}

namespace {

/// Runs `function` in a child process; true when it aborted.
template <class Function>
bool aborts(Function function) {
  const pid_t child = fork();
  if (child == 0) {
    static_cast<void>(std::freopen("/dev/null", "w", stderr));
    Catch::cleanUp();
    std::signal(SIGABRT, SIG_DFL);
    function();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

} // namespace

TEST_CASE("misuse of a mailbox ends the program with a sentence", "[mailbox]") {
  CHECK(aborts([] { static_cast<void>(capacity{0}); }));
  CHECK_FALSE(aborts([] { static_cast<void>(capacity{1}); }));
  CHECK(aborts([] { permit<int>{}.send(1); }));
  CHECK(aborts([] {
    const mailbox<int> box{capacity{1}};
    sender<int> out = box.sender();
    const sender<int> moved = std::move(out);
    static_cast<void>(out.try_send(1));
  }));
}
