#include <troupe/actors/actor.hpp>

#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

struct deposit {
  int amount;
  reply<int> to;
};
struct balance {
  reply<int> to;
};
struct note {
  std::string text;
};
using account_message = message<deposit, balance, note>;

task<> account(inbox<account_message> in, int opening) {
  while (auto message = co_await in.receive())
    co_await message->match(
        [&](deposit& d) -> task<> {
          co_await sleep_for(1s);
          d.to(opening += d.amount);
        },
        [&](balance& b) { b.to(opening); }, [](note&) {});
}

} // namespace

TEST_CASE("an actor answers what it is asked, one after the other", "[actors][F1]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      const auto mine = group.start_actor({.name = "account", .capacity = 2}, account, 100);
      const int after = co_await mine.ask<deposit>(50);
      CHECK(after == 150);
      const int now = co_await mine.ask<balance>();
      CHECK(now == 150);
      co_await mine.tell<note>("hello");
      CHECK(mine.try_tell<note>("hello") == send_status::accepted);
    }); // the last address has gone: it ends
  });
  CHECK(ended.has_value());
}

TEST_CASE("an actor that waits for messages is idle, not deadlocked", "[actors]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      const auto mine = group.start_actor({}, account, 100);
      co_await mine.tell<note>("hello");
      group.start([mine]() -> task<> {
        const auto kept = mine;
        co_await serve_for_ever();
      });
    });
  });
  CHECK(ended.cancelled()); // shut down: nothing more can come
}

TEST_CASE("an actor's arguments are its own, and its name is in its path", "[actors]") {
  struct where {
    reply<std::string> to;
  };
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      const auto serve = [](inbox<message<where>> in, std::unique_ptr<int> owned) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match(
              [&](where& asked) { asked.to(this_fiber::pointer()->path() + " " + std::to_string(*owned)); });
      };
      const auto ref = group.start_actor({.name = "here"}, serve, std::make_unique<int>(7));
      const std::string got = co_await ref.ask<where>();
      CHECK(got == "/here 7");
    });
  });
  CHECK(ended.has_value());
}
