#include <troupe/actors/actor_gate.hpp>

#include "notes_the_end.hpp"
#include "service.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using address = actor_ref<service_message>;
using gate = detail::actor_gate<service_message>;

/// What comes of an ask through a gate.
struct answers {
  std::vector<outcome<int>> got;

  auto take() {
    return [this](outcome<int>&& answered) noexcept { got.push_back(std::move(answered)); };
  }
  std::optional<ask_failure> failure(std::size_t index) const {
    return index < got.size() ? failure_of_ask(got[index]) : std::nullopt;
  }
};

work work_of(int id, manner how, duration takes = 1s) { return work{id, how, takes, {}}; }

task<> returns_at_once(inbox<service_message>) { co_return; }

} // namespace

TEST_CASE("an ask through a gate waits for nothing, and its answer is a call, once", "[actors][F2]") {
  answers got; // outlives the actor
  static_cast<void>(beside_service({}, [&got](const address& ref, service_log&) -> task<> {
    const gate through{ref};
    through.ask(work_of(1, manner::answers), got.take());
    through.ask(work_of(2, manner::drops), got.take());
    through.ask(work_of(3, manner::answers_late), got.take());
    CHECK(got.got.empty());
    CHECK(now() == instant{});
    co_await sleep_for(10s);
    REQUIRE(got.got.size() == 3);
    CHECK(got.got[0].value() == 1);
    CHECK(got.failure(1) == ask_failure::broken_promise);
    CHECK(got.got[2].value() == 3);
  }));
}

TEST_CASE("an ask through a gate ends at once when the mailbox is full, and when the actor has ended", "[actors][F2]") {
  answers got;
  static_cast<void>(beside_service({.capacity = 1}, [&got](const address& ref, service_log&) -> task<> {
    const gate through{ref};
    through.ask(work_of(1, manner::answers), got.take());
    co_await sleep_for(1ms); // it is being handled
    through.ask(work_of(2, manner::answers), got.take());
    through.ask(work_of(3, manner::answers), got.take());
    REQUIRE(got.got.size() == 1);
    CHECK(got.failure(0) == ask_failure::overflow);
    const send_status told = through.tell(service_message{remark{4}});
    CHECK(told == send_status::full);
    CHECK(ref.statistics().dropped_by(drop_reason::rejected) == 2);
    ref.stop_now();
    co_await sleep_for(1ms);
    REQUIRE(got.got.size() == 3);
    CHECK(got.failure(1) == ask_failure::aborted);
    CHECK(got.failure(2) == ask_failure::receiver_down);
    through.ask(work_of(5, manner::answers), got.take());
    REQUIRE(got.got.size() == 4);
    CHECK(got.failure(3) == ask_failure::receiver_down);
  }));
}

TEST_CASE("what is told through a gate and has no room goes to on_undelivered, as the mailbox's strategy says",
          "[actors][C2]") {
  const auto lost_with = [](overflow on_full) {
    std::string lost;
    simulator simulated{in_any_order()};
    REQUIRE(simulated
                .run([&]() -> task<> {
                  co_await in_task_group([&](task_group& group) -> task<> {
                    service_log log;
                    const auto count = [&lost](service_message&& dropped, drop_reason why) {
                      dropped.visit([&](auto& kind) {
                        lost += std::to_string(kind.id) + " " + std::string(to_string(why)) + " ";
                      });
                    };
                    const address ref = group.start_actor({.capacity = 2, .on_full = on_full}, on_undelivered{count},
                                                          service, std::ref(log));
                    const gate through{ref};
                    for (int id = 1; id <= 3; ++id)
                      through.tell(service_message{remark{id}});
                    ref.stop_after_drain();
                    co_await sleep_for(1s);
                  });
                })
                .has_value());
    return lost;
  };
  CHECK(lost_with(overflow::suspend) == "3 rejected ");
  CHECK(lost_with(overflow::reject) == "3 rejected ");
  CHECK(lost_with(overflow::drop_newest) == "3 newest ");
  CHECK(lost_with(overflow::drop_oldest) == "1 oldest ");
  CHECK(lost_with(overflow::conflate) == "2 conflated ");
}

TEST_CASE("who watches an actor's life is told once how it has ended, unless it has stopped watching", "[actors]") {
  std::string told;
  const auto first = notes_the_end::in(told), second = notes_the_end::in(told), third = notes_the_end::in(told),
             late = notes_the_end::in(told);
  static_cast<void>(beside_service({}, [&](const address& ref, service_log&) -> task<> {
    const gate through{ref};
    CHECK(through.life()->watch(*first));
    CHECK(through.life()->watch(*second));
    CHECK(through.life()->watch(*third));
    through.life()->unwatch(*second);
    through.life()->unwatch(*late); // never watched
    ref.stop_now();
    co_await sleep_for(1s);
    CHECK(told == "cancelled cancelled ");
    CHECK_FALSE(through.life()->watch(*late));
    through.life()->unwatch(*first);
  }));
  CHECK(told == "cancelled cancelled ");
}

TEST_CASE("an actor that returns, fails, or is never started has ended for good", "[actors]") {
  std::string told;
  const auto watcher = notes_the_end::in(told);
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const address returning = group.start_actor({}, returns_at_once);
      CHECK(gate{returning}.life()->watch(*watcher));
      co_await sleep_for(1s);
      CHECK(told == "returned ");
      service_log log;
      const address failing = group.start_actor({}, service, std::ref(log));
      CHECK(gate{failing}.life()->watch(*watcher));
      gate{failing}.tell(service_message{work_of(1, manner::throws)});
      co_await sleep_for(10s); // stopped with the group
    });
  });
  CHECK(ended.has_error());
  CHECK(told == "returned failed ");
  told.clear();
  static_cast<void>(simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.cancel();
      const address refused = group.start_actor({}, returns_at_once);
      CHECK_FALSE(gate{refused}.life()->watch(*watcher));
      co_return;
    });
  }));
  CHECK(told.empty());
}
