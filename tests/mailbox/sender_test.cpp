#include <troupe/mailbox/sender.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/mailbox/mailbox.hpp>

#include <memory>
#include <thread>
#include <utility>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("send_blocking does not block while there is room", "[mailbox][C1]") {
  mailbox<int> box{capacity{1}};
  const sender<int> out = box.sender();
  const receiver<int> in = box.receiver();
  CHECK(out.send_blocking(1, 1h) == send_status::accepted);
  CHECK(*in.try_receive() == 1);
}

TEST_CASE("send_blocking gives up at its deadline, keeps the item, and leaves no place in the line",
          "[mailbox][C1][C6]") {
  mailbox<std::unique_ptr<int>> box{capacity{1}};
  const auto out = box.sender();
  const auto in = box.receiver();
  REQUIRE(out.try_send(std::make_unique<int>(1)) == send_status::accepted);
  auto item = std::make_unique<int>(2);
  CHECK(out.send_blocking(std::move(item), 1ns) == send_status::timed_out);
  CHECK(out.send_blocking(std::move(item), -1h) == send_status::timed_out);
  CHECK(out.send_blocking(std::move(item), instant::min()) == send_status::timed_out);
  REQUIRE(item != nullptr);
  CHECK(box.statistics().senders_waiting == 0);
  CHECK(box.statistics().reserved == 0);
  in.try_receive();
  CHECK(out.send_blocking(std::move(item), instant::max()) == send_status::accepted);
}

TEST_CASE("send_blocking answers closed and keeps the item", "[mailbox][C6]") {
  mailbox<std::unique_ptr<int>> box{capacity{1}};
  const auto out = box.sender();
  box.close();
  auto item = std::make_unique<int>(2);
  CHECK(out.send_blocking(std::move(item), 1h) == send_status::closed);
  CHECK(item != nullptr);
  CHECK(box.statistics().dropped_by(drop_reason::closed) == 0);
}

TEST_CASE("send_blocking waits also when its deadline is beyond the clock's end", "[mailbox][B7]") {
  const mailbox<int> box{capacity{1}};
  const sender<int> out = box.sender();
  const receiver<int> in = box.receiver();
  REQUIRE(out.try_send(0) == send_status::accepted);
  const auto let_in_behind = [&](auto send) {
    std::thread takes{[&] {
      while (out.statistics().senders_waiting == 0)
        std::this_thread::yield();
      in.try_receive();
    }};
    CHECK(send() == send_status::accepted);
    takes.join();
  };
  let_in_behind([&] { return out.send_blocking(1, duration::max() - 1ns); });
  let_in_behind([&] { return out.send_blocking(2, duration::max()); });
  let_in_behind([&] { return out.send_blocking(3, std::chrono::hours::max()); });
  let_in_behind([&] { return out.send_blocking(4, instant::max() - 1ns); });
  let_in_behind([&] { return out.send_blocking(5, instant::max()); });
  CHECK(box.statistics().sent == 6);
}
