#include <troupe/mailbox/received_batch.hpp>

#include <tests/mailbox/parcel.hpp>
#include <tests/mailbox/simulated.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
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

/// A mailbox with eight parcels in it and no sender left.
struct eight_parcels {
  ledger books{8};
  mailbox<parcel> box{capacity{8}, into_the_books()};
  receiver<parcel> in = box.receiver();

  eight_parcels() {
    const sender<parcel> out = box.sender();
    for (std::size_t i = 0; i < 8; ++i)
      REQUIRE(out.try_send(parcel{books, i}) == send_status::accepted);
  }
};

} // namespace

TEST_CASE("a batch is what is queued, at most as many as asked for, in order", "[mailbox]") {
  simulate([]() -> task<> {
    eight_parcels world;
    std::size_t expected = 0;
    for (const std::size_t size : {5u, 3u}) {
      auto batch = co_await world.in.receive_up_to(5);
      CHECK(batch);
      CHECK(batch.size() == size);
      while (auto item = batch.next()) {
        CHECK(item->number() == expected++);
        item->handled();
      }
      CHECK(batch.size() == 0);
    }
    const auto end = co_await world.in.receive_up_to(5);
    CHECK_FALSE(end);
    CHECK(world.books.problems(world.box.statistics()) == "");
  });
}

TEST_CASE("an inbox gives batches across its claims", "[mailbox]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{300}};
    {
      const sender<int> out = box.sender();
      for (int i = 0; i < 300; ++i)
        co_await out.send(i);
    }
    const inbox<int> in = box.inbox();
    { auto first = co_await in.receive(); } // a claim is begun
    int expected = 1;
    auto batch = co_await in.receive_up_to(200);
    CHECK(batch.size() == 200);
    for (int item : batch)
      CHECK(item == expected++);
    batch = co_await in.receive_up_to(1'000'000);
    CHECK(batch.size() == 99);
    for (int item : batch)
      CHECK(item == expected++);
    batch = {};
    CHECK(box.statistics().handled == 300);
  });
}

TEST_CASE("a receive of a batch waits for the first item only", "[mailbox]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{10}};
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](receiver<int> in) -> task<> {
            auto batch = co_await in.receive_up_to(10);
            CHECK(batch.size() == 1);
            const auto last = co_await in.receive_up_to(10);
            CHECK_FALSE(last);
          },
          box.receiver());
      group.start(
          [](sender<int> out) -> task<> {
            co_await sleep_for(1s);
            co_await out.send(1);
            co_await sleep_for(1s);
          },
          box.sender());
    });
  });
}

TEST_CASE("a batch that is left in one piece settles in one piece", "[mailbox][C9]") {
  simulate([]() -> task<> {
    eight_parcels world;
    {
      auto batch = co_await world.in.receive_up_to(2);
      for (parcel& item : batch)
        item.handled();
    }
    CHECK(world.box.statistics().handled == 2);
    const auto crashed = co_await as_outcome([](receiver<parcel>& in) -> task<> {
      auto batch = co_await in.receive_up_to(4);
      {
        auto first = batch.next();
        first->handled();
      }
      throw std::runtime_error("the commit failed");
    }(world.in));
    CHECK(crashed.has_error());
    const bool ended = co_await move_on_after(1s, [](receiver<parcel>& in) -> task<> {
      auto batch = co_await in.receive_up_to(4);
      co_await sleep_for(1h);
    }(world.in));
    CHECK_FALSE(ended);
    CHECK(world.books.problems(world.box.statistics()) == "");
    CHECK(world.books.dropped_count(drop_reason::crashed) == 3);
    CHECK(world.books.dropped_count(drop_reason::handling_cancelled) == 2);
  });
}

TEST_CASE("what a destructor takes out of a batch while an exception passes is handled, not crashed", "[mailbox][C9]") {
  simulate([]() -> task<> {
    eight_parcels world;
    struct empties {
      received_batch<parcel>& batch;
      explicit empties(received_batch<parcel>& of) : batch(of) {}
      ~empties() {
        while (auto item = batch.next())
          item->handled();
      }
    };
    auto batch = co_await world.in.receive_up_to(8);
    try {
      const empties at_exit{batch};
      throw std::runtime_error("passes");
    } catch (const std::runtime_error&) {
    }
    CHECK(world.books.problems(world.box.statistics()) == "");
    CHECK(world.box.statistics().handled == 8);
  });
}

TEST_CASE("a batch may be moved, and settles once", "[mailbox][C9]") {
  simulate([]() -> task<> {
    eight_parcels world;
    auto batch = co_await world.in.receive_up_to(3);
    auto other = std::move(batch);
    CHECK_FALSE(batch);
    CHECK(other.size() == 3);
    for (parcel& item : other)
      item.handled();
    other = co_await world.in.receive_up_to(100);
    CHECK(world.box.statistics().handled == 3);
    for (parcel& item : other)
      item.handled();
    other = {};
    CHECK(world.books.problems(world.box.statistics()) == "");
  });
}

TEST_CASE("a batch outlives its mailbox, and everything that it has given out", "[mailbox][C5][C9]") {
  simulate([]() -> task<> {
    received_batch<int> batch;
    received<int> last;
    {
      const mailbox<int> box{capacity{4}};
      const sender<int> out = box.sender();
      const receiver<int> in = box.receiver();
      for (int i = 0; i < 3; ++i)
        co_await out.send(i);
      batch = co_await in.receive_up_to(4);
    }
    for (int i = 0; i < 3; ++i) {
      auto item = batch.next();
      CHECK(*item == i);
      last = std::move(item); // settles the one before, at once
    }
    last = {}; // and with it goes the mailbox
    CHECK(batch.size() == 0);
    CHECK_FALSE(batch.next());
  });
}

TEST_CASE("a batch that was moved from holds nothing, also when some were taken out of it before", "[mailbox]") {
  simulate([]() -> task<> {
    eight_parcels world;
    auto batch = co_await world.in.receive_up_to(8);
    batch.next()->handled();
    auto other = std::move(batch);
    CHECK(batch.size() == 0);
    CHECK_FALSE(batch.next());
    CHECK(other.size() == 7);
    batch = std::move(other);
    CHECK(other.size() == 0);
    CHECK_FALSE(other.next());
    while (auto item = batch.next())
      item->handled();
    CHECK(world.books.problems(world.box.statistics()) == "");
  });
}

namespace {

/// Takes its batch out when it goes.
struct empties_its_batch {
  std::unique_ptr<received_batch<int>> batch;
  empties_its_batch() = default;
  empties_its_batch(empties_its_batch&&) = default;
  ~empties_its_batch() {
    if (batch)
      while (auto item = batch->next())
        continue;
  }
};

} // namespace

TEST_CASE("what a fiber lets go of with its last frame is settled", "[mailbox][C9]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{4}};
    const sender<int> out = box.sender();
    for (int i = 0; i < 3; ++i)
      co_await out.send(i);
    co_await in_task_group([&](task_group& group) {
      // Parameters go with the frame, after the fiber's last step.
      group.start(
          [](receiver<int> in, empties_its_batch last) -> task<> {
            auto batch = co_await in.receive_up_to(4);
            last.batch = std::make_unique<received_batch<int>>(std::move(batch));
          },
          box.receiver(), empties_its_batch{});
    });
    CHECK(box.statistics().handled == 3);
    co_await box.join();
  });
}
