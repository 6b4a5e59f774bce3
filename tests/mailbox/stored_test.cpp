#include <troupe/mailbox/stored.hpp>

#include <tests/mailbox/simulated.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Its move may throw, and does where it is told to.
class heavy {
public:
  explicit heavy(int number) : number_(number) {}
  heavy(heavy&& other) : number_(other.number_) {
    if (other.refuses_)
      throw std::runtime_error("cannot be moved");
    other.number_ = 0;
  }

  int number() const { return number_; }
  void refuse() { refuses_ = true; }

private:
  int number_;
  bool refuses_ = false;
};

struct alignas(64) wide {
  explicit wide(int n) : number(n) {}
  int number;
};

} // namespace

static_assert(detail::lies_directly<int>);
static_assert(detail::lies_directly<std::unique_ptr<int>>);
static_assert(!detail::lies_directly<heavy>);
static_assert(!detail::lies_directly<wide>);

TEST_CASE("items whose move may throw go through a mailbox", "[mailbox]") {
  simulate([]() -> task<> {
    mailbox<heavy> box{capacity{2}};
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](sender<heavy> out) -> task<> {
            for (int i = 1; i <= 20; ++i) {
              heavy item{i};
              const send_status status = co_await out.send(std::move(item));
              CHECK(status == send_status::accepted);
              CHECK(item.number() == 0);
              co_await out.send(-i);
            }
          },
          box.sender());
      group.start(
          [](inbox<heavy> in) -> task<> {
            for (int i = 1; i <= 20; ++i) {
              auto item = co_await in.receive();
              CHECK(item->number() == i);
              auto made = co_await in.receive();
              CHECK(made->number() == -i);
            }
          },
          box.inbox());
    });
    CHECK(box.statistics().handled == 40);
  });
}

TEST_CASE("a move that throws sends nothing, and its slot is free again", "[mailbox][C6]") {
  simulate([]() -> task<> {
    mailbox<heavy> box{capacity{1}};
    const sender<heavy> out = box.sender();
    const receiver<heavy> in = box.receiver();
    const auto failed = co_await as_outcome([](const sender<heavy>& to) -> task<> {
      heavy item{1};
      item.refuse();
      co_await to.send(std::move(item));
    }(out));
    CHECK(failed.has_error());
    heavy item{2};
    item.refuse();
    CHECK_THROWS_AS(static_cast<void>(out.try_send(std::move(item))), std::runtime_error);
    CHECK(box.statistics().reserved == 0);
    CHECK(out.try_send(heavy{3}) == send_status::accepted);
    heavy kept{4};
    CHECK(out.try_send(std::move(kept)) == send_status::full);
    CHECK(kept.number() == 4);
    CHECK(in.try_receive()->number() == 3);
  });
}

TEST_CASE("a send whose move may throw moves nothing before it has a slot", "[mailbox][C6]") {
  std::vector<std::pair<int, drop_reason>> lost;
  simulate([&]() -> task<> {
    mailbox<heavy> box{capacity{1},
                       [&](heavy&& item, drop_reason reason) { lost.emplace_back(item.number(), reason); }};
    const sender<heavy> out = box.sender();
    const receiver<heavy> in = box.receiver();
    co_await out.send(1);
    const bool ended = co_await move_on_after(1s, [](const sender<heavy>& to) -> task<> {
      heavy item{2};
      co_await to.send(std::move(item));
    }(out));
    CHECK_FALSE(ended);
    box.close();
    heavy item{3};
    const send_status status = co_await out.send(std::move(item));
    CHECK(status == send_status::closed);
    CHECK(item.number() == 3);
  });
  CHECK(lost == std::vector<std::pair<int, drop_reason>>{
                    {2, drop_reason::send_cancelled}, {3, drop_reason::closed}, {1, drop_reason::no_receiver}});
}

TEST_CASE("over-aligned items go through a mailbox and stay aligned", "[mailbox]") {
  simulate([]() -> task<> {
    mailbox<wide> box{capacity{4}};
    const sender<wide> out = box.sender();
    const receiver<wide> in = box.receiver();
    co_await out.send(1);
    co_await out.send(wide{2});
    CHECK(out.try_send(wide{3}) == send_status::accepted);
    for (int i = 1; i <= 2; ++i) {
      auto item = co_await in.receive();
      CHECK(item->number == i);
      CHECK(reinterpret_cast<std::uintptr_t>(&*item) % 64 == 0);
    }
    auto returned = box.close_and_return();
    REQUIRE(returned.size() == 1);
    CHECK(returned[0].item().number == 3);
  });
}

TEST_CASE("a mailbox of items whose move may throw does as its strategy says when it is full", "[mailbox][C13]") {
  struct expectation {
    overflow on_full;
    send_status answer;
    drop_reason reason;
    int lost[2];
    int left;
  };
  for (const expectation& wanted : {
           expectation{overflow::reject, send_status::full, drop_reason::rejected, {2, 3}, 1},
           expectation{overflow::drop_newest, send_status::dropped, drop_reason::newest, {2, 3}, 1},
           expectation{overflow::drop_oldest, send_status::accepted, drop_reason::oldest, {1, 2}, 3},
           expectation{overflow::conflate, send_status::accepted, drop_reason::conflated, {1, 2}, 3},
       })
    simulate([wanted]() -> task<> {
      std::vector<std::pair<int, drop_reason>> lost;
      const mailbox<heavy> box{capacity{1}, wanted.on_full,
                               [&](heavy&& item, drop_reason reason) { lost.emplace_back(item.number(), reason); }};
      const sender<heavy> out = box.sender();
      const inbox<heavy> in = box.inbox();
      co_await out.send(1);
      heavy moved{2};
      send_status status = co_await out.send(std::move(moved));
      CHECK(status == wanted.answer);
      CHECK((moved.number() == 0) == (status == send_status::accepted));
      status = co_await out.send(3); // made from arguments
      CHECK(status == wanted.answer);
      CHECK(lost ==
            std::vector<std::pair<int, drop_reason>>{{wanted.lost[0], wanted.reason}, {wanted.lost[1], wanted.reason}});
      heavy tried{4};
      CHECK(out.try_send(std::move(tried)) == wanted.answer);
      CHECK((tried.number() == 0) == (wanted.answer == send_status::accepted));
      CHECK(in.try_receive()->number() == (wanted.answer == send_status::accepted ? 4 : wanted.left));
      CHECK(box.statistics().reserved == 0);
      CHECK(box.statistics().sent == box.statistics().settled);
    });
}

namespace {

/// It can be moved into place, and nothing else: what a mailbox asks of an item.
class only_constructible {
public:
  explicit only_constructible(int number) noexcept : number_(number) {}
  only_constructible(only_constructible&& other) noexcept : number_(other.number_) {}
  only_constructible& operator=(const only_constructible&) = delete;

  int number() const noexcept { return number_; }

private:
  int number_;
};

} // namespace

TEST_CASE("an item that cannot be assigned goes through a mailbox in each way", "[mailbox]") {
  simulate([]() -> task<> {
    mailbox<only_constructible> box{capacity{8}};
    const auto out = box.sender();
    const auto in = box.receiver();
    for (int i = 0; i < 8; ++i)
      co_await out.send(i);
    auto first = co_await in.receive();
    first = co_await in.receive();
    CHECK(first->number() == 1);
    auto batch = co_await in.receive_up_to(2);
    CHECK(batch.next()->number() == 2);
    const auto returned = box.close_and_return();
    REQUIRE(returned.size() == 4);
    for (int i = 0; i < 4; ++i)
      CHECK(returned[static_cast<std::size_t>(i)].number() == i + 4);
  });
}
