#include <troupe/mailbox/received.hpp>

#include <tests/mailbox/parcel.hpp>
#include <tests/mailbox/simulated.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// A mailbox with items from 0 on, and what its handler was told.
struct filled {
  explicit filled(int items, std::size_t slots = 8)
      : box(capacity{slots}, [this](int&& item, drop_reason reason) { told.emplace_back(item, reason); }) {
    for (int i = 0; i < items; ++i)
      REQUIRE(out.try_send(int{i}) == send_status::accepted);
  }
  std::uint64_t handled() const { return box.statistics().handled; }
  std::uint64_t dropped(drop_reason reason) const { return box.statistics().dropped[static_cast<std::size_t>(reason)]; }

  std::vector<std::pair<int, drop_reason>> told;
  mailbox<int> box;
  sender<int> out = box.sender();
  receiver<int> in = box.receiver();
};

using told_of = std::vector<std::pair<int, drop_reason>>;

} // namespace

TEST_CASE("an empty received is false and settles nothing", "[mailbox]") {
  received<int> none;
  CHECK_FALSE(none);
  received<int> also = std::move(none);
  CHECK_FALSE(also);
  filled all{0};
  CHECK_FALSE(all.in.try_receive());
  CHECK(all.box.statistics().settled == 0);
}

TEST_CASE("a received item settles as handled once, when the last object that holds it goes", "[mailbox][C9]") {
  filled all{2};
  {
    received<int> first = all.in.try_receive();
    REQUIRE(first);
    CHECK(*first == 0);
    received<int> moved = std::move(first);
    CHECK_FALSE(first);
    CHECK(all.handled() == 0);
    first = std::move(moved);
    CHECK(*first == 0);
    CHECK(all.handled() == 0);
    first = all.in.try_receive(); // lets the old one go
    CHECK(*first == 1);
    CHECK(all.handled() == 1);
    received<int>& same = first;
    first = std::move(same);
    CHECK(all.handled() == 1);
    REQUIRE(first);
    CHECK(*first == 1);
    first = {};
    CHECK(all.handled() == 2);
  }
  CHECK(all.handled() == 2);
  CHECK(all.told.empty());
}

TEST_CASE("an item whose receiver is left by an exception is crashed and goes to the handler", "[mailbox][C9]") {
  filled all{2};
  try {
    const received<int> item = all.in.try_receive();
    throw std::runtime_error("crash");
  } catch (const std::runtime_error&) {
    const received<int> later = all.in.try_receive(); // the exception does not pass any more
  }
  CHECK(all.told == told_of{{0, drop_reason::crashed}});
  CHECK(all.dropped(drop_reason::crashed) == 1);
  CHECK(all.handled() == 1);
}

TEST_CASE("an item taken and let go in a destructor is handled, although an exception passes", "[mailbox][C9]") {
  filled all{2};
  struct drains {
    receiver<int>& from;
    ~drains() {
      while (auto item = from.try_receive()) {
      }
    }
  };
  try {
    const drains at_the_end{all.in};
    throw std::runtime_error("crash");
  } catch (const std::runtime_error&) {
  }
  CHECK(all.handled() == 2);
  CHECK(all.told.empty());
}

TEST_CASE("an item whose receiver is stopped goes to the handler as handling_cancelled", "[mailbox][C7][C9]") {
  filled all{2};
  simulate([&]() -> task<> {
    const bool ended = co_await move_on_after(1s, [](filled& of) -> task<> {
      received<int> item = co_await of.in.receive();
      co_await sleep_for(1h);
      *item = -1;
    }(all));
    CHECK_FALSE(ended);
    received<int> next = co_await all.in.receive();
    CHECK(*next == 1);
  });
  CHECK(all.told == told_of{{0, drop_reason::handling_cancelled}});
  CHECK(all.dropped(drop_reason::handling_cancelled) == 1);
  CHECK(all.handled() == 1);
}

namespace {

task<> keep_and_throw(received<int> item) {
  co_await yield();
  throw std::runtime_error("item " + std::to_string(*item));
}

task<> keep(received<int> item) {
  co_await yield();
  CHECK(item);
}

} // namespace

TEST_CASE("an item that was passed to a task that throws is crashed", "[mailbox][C9]") {
  filled all{1};
  simulate([&]() -> task<> {
    received<int> item = co_await all.in.receive();
    try {
      co_await keep_and_throw(std::move(item));
    } catch (const std::runtime_error&) {
    }
  });
  CHECK(all.told == told_of{{0, drop_reason::crashed}});
}

TEST_CASE("the handler finds the item as it was received, and may take it away", "[mailbox][E6]") {
  ledger books{1};
  std::optional<parcel> rescued;
  mailbox<parcel> box{capacity{1}, [&](parcel&& item, drop_reason reason) {
                        item.dropped(reason);
                        rescued.emplace(std::move(item));
                      }};
  const sender<parcel> out = box.sender();
  const receiver<parcel> in = box.receiver();
  REQUIRE(out.try_send(parcel{books, 0}) == send_status::accepted);
  try {
    received<parcel> item = in.try_receive();
    throw std::runtime_error("crash");
  } catch (const std::runtime_error&) {
  }
  REQUIRE(rescued);
  CHECK(rescued->is_here());
  CHECK(books.alive() == 1);
  rescued.reset();
  CHECK(books.alive() == 0);
}

TEST_CASE("a received item outlives its receiver and its mailbox", "[mailbox][E6]") {
  ledger books{3};
  {
    received<parcel> kept;
    {
      std::vector<drop_reason> told;
      {
        mailbox<parcel> box{capacity{3}, [&](parcel&& item, drop_reason reason) {
                              item.dropped(reason);
                              told.push_back(reason);
                            }};
        const sender<parcel> out = box.sender();
        const receiver<parcel> in = box.receiver();
        for (std::size_t i = 0; i < 3; ++i)
          REQUIRE(out.try_send(parcel{books, i}) == send_status::accepted);
        kept = in.try_receive();
      }
      CHECK(told == std::vector<drop_reason>{drop_reason::no_receiver, drop_reason::no_receiver});
    }
    CHECK(books.alive() == 1);
    REQUIRE(kept);
    CHECK(kept->number() == 0);
    kept->handled();
  }
  CHECK(books.alive() == 0);
  CHECK(books.handled_count() == 1);
}

TEST_CASE("two received items that outlive their mailbox let go of it together", "[mailbox]") {
  received<int> first;
  received<int> second;
  {
    filled all{2};
    first = all.in.try_receive();
    second = all.in.try_receive();
  }
  CHECK(*first == 0);
  first = {};
  CHECK(*second == 1);
}

namespace {

/// Notes how many items were settled when it went.
class notes_settled {
public:
  notes_settled(const mailbox<notes_settled>& box, std::vector<std::uint64_t>& notes) noexcept
      : box_(&box), notes_(&notes) {}
  notes_settled(notes_settled&& other) noexcept : box_(std::exchange(other.box_, nullptr)), notes_(other.notes_) {}
  ~notes_settled() {
    if (box_ != nullptr)
      notes_->push_back(box_->statistics().settled);
  }

private:
  const mailbox<notes_settled>* box_;
  std::vector<std::uint64_t>* notes_;
};

} // namespace

TEST_CASE("an item is gone before it counts as settled, so who has joined may tear down what it refers to",
          "[mailbox][C9]") {
  std::vector<std::uint64_t> notes;
  const mailbox<notes_settled> box{capacity{3}};
  {
    const sender<notes_settled> out = box.sender();
    const receiver<notes_settled> in = box.receiver();
    for (int i = 0; i < 3; ++i)
      REQUIRE(out.try_send(notes_settled{box, notes}) == send_status::accepted);
    { const auto handled = in.try_receive(); }
    try {
      const auto crashed = in.try_receive();
      throw std::runtime_error("crash");
    } catch (const std::runtime_error&) {
    }
  } // and one that nobody receives
  CHECK(notes == std::vector<std::uint64_t>{0, 1, 2});
}

TEST_CASE("a received item may move to another fiber and settle there", "[mailbox][C9]") {
  filled all{1};
  simulate([&]() -> task<> {
    received<int> item = co_await all.in.receive();
    co_await in_task_group([&](task_group& group) { group.start(keep, std::move(item)); });
  });
  CHECK(all.handled() == 1);
}

TEST_CASE("an item that was given to a task that failed is crashed, wherever the error went", "[mailbox][C9]") {
  const auto fails_with = [](received<int> item) -> task<> {
    co_await checkpoint();
    throw *item;
  };
  std::vector<drop_reason> dropped;
  simulator sim{in_any_order()};
  const outcome<> ended = sim.run([&]() -> task<> {
    mailbox<int> box{capacity{1}, [&](int&&, drop_reason reason) { dropped.push_back(reason); }};
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    static_cast<void>(out.try_send(1));
    received<int> first = in.try_receive();
    {
      const outcome<> caught = co_await as_outcome(fails_with(std::move(first)));
      CHECK(caught.has_error());
    }
    static_cast<void>(out.try_send(2));
    received<int> second = in.try_receive();
    const outcome<> group = co_await as_outcome(
        in_task_group([&](task_group& children) { children.start(fails_with, std::move(second)); }));
    CHECK(group.has_error());
    co_await box.join();
    CHECK(box.statistics().handled == 0);
  });
  CHECK(ended.has_value());
  CHECK(dropped == std::vector{drop_reason::crashed, drop_reason::crashed});
}

TEST_CASE("an item that was given to a child that was not started is not handled", "[mailbox][C9]") {
  std::vector<drop_reason> dropped;
  simulator sim{in_any_order()};
  const outcome<> ended = sim.run([&]() -> task<> {
    mailbox<int> box{capacity{1}, [&](int&&, drop_reason reason) { dropped.push_back(reason); }};
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    static_cast<void>(out.try_send(1));
    received<int> item = in.try_receive();
    co_await in_task_group([&](task_group& group) {
      group.cancel();
      group.start([](received<int>) -> task<> { co_return; }, std::move(item));
    });
    co_await box.join();
  });
  CHECK(ended.has_value());
  CHECK(dropped == std::vector{drop_reason::handling_cancelled});
}

TEST_CASE("an item that was given to a function that throws before it makes its task is not handled", "[mailbox][C9]") {
  std::vector<drop_reason> dropped;
  const auto throws = [](received<int>&&) -> task<> { throw std::runtime_error("on purpose"); };
  simulator sim{in_any_order()};
  const outcome<> ended = sim.run([&]() -> task<> {
    mailbox<int> box{capacity{2}, [&](int&&, drop_reason reason) { dropped.push_back(reason); }};
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    static_cast<void>(out.try_send(1));
    received<int> item = in.try_receive();
    const outcome<> group =
        co_await as_outcome(in_task_group([&](task_group& children) { children.start(throws, std::move(item)); }));
    CHECK(group.has_error());
    co_await box.join();
  });
  CHECK(ended.has_value());
  CHECK(dropped == std::vector{drop_reason::crashed});
}

TEST_CASE("an item that was moved to another fiber settles there, while the one that received it waits",
          "[mailbox][C9]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{4}};
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    for (int i = 0; i < 3; ++i)
      co_await out.send(i);
    auto first = co_await in.receive();
    auto second = co_await in.receive();
    auto third = co_await in.receive();
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](const mailbox<int>& of, received<int> given, received<int>& there, received<int>& assigned) -> task<> {
            given = {};
            assigned = std::move(there);
            assigned = {};
            co_await of.join();
            CHECK(of.statistics().handled == 3);
          },
          std::cref(box), std::move(first), std::ref(second), std::ref(third));
      first = {};
      { const auto gone = std::move(third); }
    });
  });
}

TEST_CASE("an item in its destructor is not settled yet", "[mailbox][C9]") {
  struct looks_back {
    const mailbox<looks_back>* box;
    std::uint64_t* settled;
    looks_back(const mailbox<looks_back>& in, std::uint64_t& seen) : box(&in), settled(&seen) {}
    looks_back(looks_back&& other) noexcept : box(std::exchange(other.box, nullptr)), settled(other.settled) {}
    ~looks_back() {
      if (box != nullptr)
        *settled = box->statistics().settled;
    }
  };
  simulate([]() -> task<> {
    const mailbox<looks_back> box{capacity{1}};
    std::uint64_t settled = 99;
    co_await box.sender().send(box, settled);
    {
      const inbox<looks_back> in = box.inbox();
      auto item = co_await in.receive();
    }
    CHECK(settled == 0);
    CHECK(box.statistics().settled == 1);
  });
}
