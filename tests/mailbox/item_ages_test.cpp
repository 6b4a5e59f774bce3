#include <troupe/mailbox/item_ages.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <random>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("an item is never taken for older than it is, and found out a sixteenth later at most", "[mailbox][C11]") {
  for (std::uint64_t seed = 0; seed < seeds(200); ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const duration max_age = 1600ms;
    detail::item_ages ages{max_age};
    std::vector<instant> seen; // by index: when the reader looked first after it came
    std::size_t next = 0;      // the first in the queue
    instant now{};
    for (int look = 0; look < 400; ++look) {
      now += std::chrono::milliseconds{random() % (look % 100 < 50 ? 10 : 400)};
      for (auto more = random() % 3; more > 0; --more)
        seen.push_back(now);
      ages.note(seen.size(), now);
      while (next < seen.size()) {
        const duration age = now - seen[next];
        const bool expired = ages.expired(next, now);
        if (age <= max_age)
          REQUIRE_FALSE(expired);
        else if (age > max_age + max_age / 16)
          REQUIRE(expired);
        if (!expired)
          break;
        ++next;
      }
      if (next < seen.size() && random() % 2 == 0)
        ++next; // handled
    }
  }
}

TEST_CASE("any limit of age keeps few marks", "[mailbox][C11]") {
  for (const duration max_age : {duration{0}, duration{1}, duration{15}, duration{16}, duration{1'000}}) {
    detail::item_ages ages{max_age};
    instant now{};
    for (std::uint64_t sent = 1; sent < 10'000; ++sent) {
      ages.note(sent, now); // under AddressSanitizer: one too many is noticed
      CHECK_FALSE(ages.expired(sent - 1, now));
      now += duration{sent % 3};
    }
    now += max_age + duration{1};
    ages.note(10'000, now);
    CHECK(ages.expired(0, now));
  }
}

TEST_CASE("an item that has waited for too long is dropped with a reason, and no receive gives it", "[mailbox][C11]") {
  for (const bool one_reader : {true, false}) {
    simulator simulated{in_any_order()};
    const outcome<> ended = simulated.run([&]() -> task<> {
      std::vector<std::pair<int, drop_reason>> lost;
      const mailbox<int> box{capacity{10}, overflow::suspend,
                             [&](int&& item, drop_reason why) { lost.emplace_back(item, why); }, 1s};
      const sender<int> out = box.sender();
      std::vector<int> got;
      const auto read = [&](const auto& in) -> task<> {
        for (int i = 0; i < 4; ++i)
          co_await out.send(i);
        auto first = co_await in.receive(); // all are seen now
        got.push_back(*first);
        co_await sleep_for(900ms);
        co_await out.send(4);
        first = co_await in.receive();
        got.push_back(*first);
        co_await sleep_for(200ms);
        first = in.try_receive(); // 2 and 3 are too old
        got.push_back(*first);
        for (int i = 5; i < 8; ++i)
          co_await out.send(i);
        first = co_await in.receive();
        got.push_back(*first);
        co_await sleep_for(2s);
        co_await out.send(8);
        received_batch<int> rest = co_await in.receive_up_to(10);
        for (const int item : rest)
          got.push_back(item);
      };
      if (one_reader)
        co_await read(box.inbox());
      else
        co_await read(box.receiver());
      CHECK(got == std::vector{0, 1, 4, 5, 8});
      CHECK(lost == std::vector<std::pair<int, drop_reason>>{{2, drop_reason::expired},
                                                             {3, drop_reason::expired},
                                                             {6, drop_reason::expired},
                                                             {7, drop_reason::expired}});
      CHECK(box.statistics().dropped_by(drop_reason::expired) == 4);
      CHECK(box.statistics().settled == 9);
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("an age counts from the send, also where nobody has looked since", "[mailbox][C11]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const mailbox<int> box{capacity{10}, overflow::suspend, nullptr, 1s};
    const sender<int> out = box.sender();
    const inbox<int> in = box.inbox();
    for (int i = 0; i < 4; ++i) {
      co_await out.send(i);
      co_await sleep_for(500ms);
    }
    const auto first = co_await in.receive(); // at 2 s: 0 and 1 are 2 s and 1.5 s old, 2 is just 1 s old
    CHECK(*first == 2);
  });
  CHECK(ended.has_value());
}

TEST_CASE("under overload a limit of age keeps the work that is done useful", "[mailbox][C11]") {
  // A request every 10 ms, whose asker waits for 100 ms, and work of 20 ms for each: half of them must go.
  const auto useful = [](duration max_age) {
    int in_time = 0;
    simulator simulated{in_any_order()};
    const outcome<> ended = simulated.run([&]() -> task<> {
      const mailbox<instant> box{capacity{1'000}, overflow::suspend, nullptr, max_age};
      co_await in_task_group([&](task_group& group) {
        group.start(
            [](sender<instant> out) -> task<> {
              for (int i = 0; i < 1'000; ++i) {
                co_await out.send(this_fiber::pointer()->runs_on().time().now());
                co_await sleep_for(10ms);
              }
            },
            box.sender());
        group.start(
            [&in_time](inbox<instant> in) -> task<> {
              while (auto next = co_await in.receive()) {
                co_await sleep_for(20ms);
                in_time += this_fiber::pointer()->runs_on().time().now() - *next <= 100ms ? 1 : 0;
              }
            },
            box.inbox());
      });
    });
    CHECK(ended.has_value());
    return in_time;
  };
  CHECK(useful(duration::max()) < 20);
  CHECK(useful(60ms) > 450);
}
