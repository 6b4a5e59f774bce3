// asyncio's cases about waiting until all work of a queue is done, and about shutting it down.

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> join_and_say(const mailbox<int>& box, bool& joined) {
  co_await box.join();
  joined = true;
}

/// What everybody is told once it is shut down.
task<> expect_closed(const sender<int>& out, const receiver<int>& in) {
  const send_status status = co_await out.send(0);
  CHECK(status == send_status::closed);
  CHECK(out.try_send(0) == send_status::closed);
  const auto slot = co_await out.reserve();
  CHECK_FALSE(slot);
  const auto none = co_await in.receive();
  CHECK_FALSE(none);
  CHECK_FALSE(in.try_receive());
}

task<> receive_the_end(receiver<int> in, std::size_t& told) {
  const auto none = co_await in.receive();
  CHECK_FALSE(none);
  ++told;
}

template <class Body>
void over_runs(Body body) {
  over_seeds(50, [&](const simulation_options& options) {
    simulator simulated{options};
    CHECK(simulated.run(body).has_value());
  });
}

/// The report of a run in which nobody can go on.
template <class Body>
std::string report_of(Body body) {
  simulator simulated{in_any_order()};
  try {
    static_cast<void>(simulated.run(body));
  } catch (const deadlock_error& found) {
    return found.what();
  }
  return {};
}

} // namespace

TEST_CASE("join returns when two workers have let go of each of a hundred items", "[conformance][Q-034]") {
  over_runs([]() -> task<> {
    mailbox<int> box{capacity{100}};
    const auto out = box.sender();
    for (int i = 0; i < 100; ++i)
      co_await out.send(i);
    int sum = 0;
    co_await in_task_group([&](task_group& group) -> task<> {
      for (int worker = 0; worker < 2; ++worker)
        group.start(
            [](receiver<int> in, int& total) -> task<> {
              while (const auto item = co_await in.receive()) {
                co_await sleep_for(1ms);
                total += *item;
              }
            },
            box.receiver(), std::ref(sum));
      CHECK(box.statistics().settled < 100);
      co_await box.join();
      CHECK(sum == 99 * 100 / 2);
      CHECK(box.statistics().handled == 100);
      group.cancel(); // the workers wait for more
    });
  });
}

TEST_CASE("join of a mailbox that holds nothing returns at once, and a second time", "[conformance][Q-035]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    co_await box.join();
    co_await box.join();
  });
  CHECK(ended.has_value());
  CHECK(simulated.time().now() == instant{});
}

TEST_CASE("the counts say how many items are not settled, and a report says who waits for them",
          "[conformance][Q-036]") {
  mailbox<int> box{capacity{4}};
  const auto unsettled = [&] { return box.statistics().sent - box.statistics().settled; };
  const auto out = box.sender();
  const auto in = box.receiver();
  CHECK(unsettled() == 0);
  REQUIRE(out.try_send(1) == send_status::accepted);
  REQUIRE(out.try_send(2) == send_status::accepted);
  CHECK(unsettled() == 2);
  {
    const auto in_hand = in.try_receive();
    CHECK(unsettled() == 2);
  }
  CHECK(unsettled() == 1);
  const std::string report = report_of([&]() -> task<> { co_await box.join(); });
  CHECK(report.find("waits to join: mailbox") != std::string::npos);
}

TEST_CASE("a report says that a mailbox is closed", "[conformance][Q-037]") {
  const mailbox<int> box{capacity{4}};
  const auto out = box.sender();
  REQUIRE(out.try_send(1) == send_status::accepted);
  CHECK_FALSE(box.statistics().closed);
  const auto join = [&]() -> task<> { co_await box.join(); };
  CHECK(report_of(join).find("0 receiving)") != std::string::npos);
  box.close();
  CHECK(box.statistics().closed);
  CHECK(report_of(join).find("0 receiving, closed)") != std::string::npos);
}

TEST_CASE("a close of an empty mailbox ends all who wait to receive, and whoever comes later", "[conformance][Q-038]") {
  for (const bool at_once : {false, true})
    over_runs([at_once]() -> task<> {
      const mailbox<int> box{capacity{4}};
      const auto out = box.sender();
      std::size_t told = 0;
      co_await in_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 2; ++i)
          group.start(receive_the_end, box.receiver(), std::ref(told));
        while (box.statistics().receivers_waiting < 2)
          co_await yield();
        if (at_once)
          CHECK(box.close_and_return().empty());
        else
          box.close();
      });
      CHECK(told == 2);
      co_await expect_closed(out, box.receiver());
      co_await box.join();
    });
}

TEST_CASE("a close refuses the sender that waits, and what is queued is still received and joined",
          "[conformance][Q-039]") {
  over_runs([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const auto out = box.sender();
    const auto in = box.receiver();
    co_await out.send(1);
    bool joined = false;
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(
          [](sender<int> to) -> task<> {
            const send_status status = co_await to.send(2);
            CHECK(status == send_status::closed);
          },
          out);
      group.start(join_and_say, std::cref(box), std::ref(joined));
      while (box.statistics().senders_waiting == 0)
        co_await yield();
      box.close();
      CHECK(box.statistics().senders_waiting == 0);
      co_await sleep_for(10ms);
      CHECK_FALSE(joined);
      {
        const auto item = co_await in.receive();
        CHECK(*item == 1);
        co_await sleep_for(10ms);
        CHECK_FALSE(joined);
      }
    });
    CHECK(joined);
    co_await expect_closed(out, in);
    co_await box.join();
  });
}

TEST_CASE("a close that takes out what is queued settles it, and releases who joins", "[conformance][Q-040]") {
  over_runs([]() -> task<> {
    const mailbox<int> box{capacity{2}};
    const auto out = box.sender();
    const auto in = box.receiver();
    co_await out.send(1);
    co_await out.send(2);
    bool joined = false;
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(
          [](sender<int> to) -> task<> {
            const send_status status = co_await to.send(3);
            CHECK(status == send_status::closed);
          },
          out);
      group.start(join_and_say, std::cref(box), std::ref(joined));
      while (box.statistics().senders_waiting == 0)
        co_await yield();
      co_await sleep_for(10ms);
      CHECK_FALSE(joined);
      CHECK(box.close_and_return() == std::vector{1, 2});
    });
    CHECK(joined);
    CHECK(box.statistics().depth == 0);
    CHECK(box.statistics().returned == 2);
    co_await expect_closed(out, in);
  });
}

TEST_CASE("a close that takes out what is queued lets join wait for the one item in hand", "[conformance][Q-041]") {
  over_runs([]() -> task<> {
    const mailbox<int> box{capacity{2}};
    const auto out = box.sender();
    const auto in = box.receiver();
    co_await out.send(1);
    co_await out.send(2);
    bool joined = false;
    co_await in_task_group([&](task_group& group) -> task<> {
      auto in_hand = co_await in.receive();
      group.start(join_and_say, std::cref(box), std::ref(joined));
      CHECK(box.close_and_return() == std::vector{2});
      co_await sleep_for(10ms);
      CHECK_FALSE(joined);
      in_hand = {};
    });
    CHECK(joined);
    co_await expect_closed(out, in);
    co_await box.join();
  });
}
