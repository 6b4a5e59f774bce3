#include <troupe/mailbox/inbox.hpp>

#include <tests/catch.hpp>
#include <tests/mailbox/traffic.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <chrono>
#include <functional>

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
