#include <troupe/mailbox/inbox.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/mailbox/upheaval.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> take_all(const inbox<parcel>& in) {
  while (auto item = co_await in.receive())
    item->handled();
}

task<> send_more(sender<parcel> out, ledger& books, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i)
    co_await out.send(books, i);
}

task<> take_rest(inbox<parcel> in, received<parcel> first) {
  first->handled();
  first = {};
  while (auto item = co_await in.receive())
    item->handled();
}

/// Keeps the core, so that an idle thread takes what was started.
void spin(std::chrono::microseconds for_this_long) {
  const auto until = std::chrono::steady_clock::now() + for_this_long;
  while (std::chrono::steady_clock::now() < until)
    continue;
}

} // namespace

TEST_CASE("a fiber that lends its inbox to another one may still be running when that one takes",
          "[mailbox][stress][C9]") {
  for (std::uint64_t round = 0; round < 200; ++round) {
    constexpr std::size_t items = 400;
    ledger books{items};
    const mailbox<parcel> box{capacity{1'000}, into_the_books()};
    thread_pool_executor pool{2};
    pool.run([&]() -> task<> {
          const auto in = box.inbox();
          co_await send_more(box.sender(), books, 0, items / 2);
          co_await in_task_group([&](task_group& group) -> task<> {
            auto out = box.sender();
            auto first = co_await in.receive(); // claims what there is
            first->handled();
            group.start(send_more, std::move(out), std::ref(books), items / 2, items); // the ring grows meanwhile
            group.start(take_all, std::cref(in));
            spin(150us); // and tells what it took only then
          });
          co_await box.join();
        })
        .value();
    REQUIRE(books.problems(box.statistics()) == "");
  }
}

TEST_CASE("a fiber that has handed its inbox over knows nothing of the mailbox any more", "[mailbox][stress][C5]") {
  for (std::uint64_t round = 0; round < 200; ++round) {
    ledger books{3};
    thread_pool_executor pool{2};
    pool.run([&]() -> task<> {
          co_await in_task_group([&](task_group& group) -> task<> {
            std::optional<mailbox<parcel>> box{std::in_place, capacity{4}, into_the_books()};
            co_await send_more(box->sender(), books, 0, 3);
            auto in = box->inbox();
            box.reset();
            auto first = co_await in.receive();
            if (round % 2 == 0) {
              group.start(take_rest, std::move(in), std::move(first));
            } else {
              mailbox<parcel> other{capacity{1}};
              auto assigned = other.inbox();
              assigned = std::move(in);
              group.start(take_rest, std::move(assigned), std::move(first));
            }
            spin(100us); // the mailbox goes meanwhile
          });
        })
        .value();
    REQUIRE(books.handled_count() == 3);
    REQUIRE(books.alive() == 0);
  }
}

TEST_CASE("items and halves that wander between threads are all accounted for, however it ends",
          "[mailbox][stress][C5][C6][C7][C9]") {
  const auto until = std::chrono::steady_clock::now() + stress_time(1500ms);
  for (std::uint64_t round = 0; std::chrono::steady_clock::now() < until; ++round) {
    upheaval_options options = upheaval_of(round);
    options.items_each = 60;
    upheaval all{options};
    thread_pool_executor pool{2 + round % 2};
    const auto top = make_root(pool, &upheaval::run, &all);
    top->start();
    const bool cancels = round % 5 == 4;
    if (cancels) {
      for (std::uint64_t i = seeded_random{round}.below(200); i > 0; --i)
        std::this_thread::yield();
      top->cancel();
    }
    top->wait();
    const outcome<> ended = top->take();
    INFO("round " << round);
    REQUIRE_FALSE(ended.has_error());
    REQUIRE((ended.has_value() || cancels));
    REQUIRE(all.problems() == "");
  }
}
