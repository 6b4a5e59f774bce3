#include <troupe/actors/actor_life.hpp>

#include "service.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <memory>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using address = actor_ref<service_message>;

/// Tells `count` remarks, and stops the actor behind them.
template <class Stop>
service_log stopped_behind(int count, Stop stop) {
  return beside_service({.capacity = 200'000}, [=](const address& ref, service_log&) -> task<> {
    for (int i = 0; i < count; ++i)
      CHECK(ref.try_tell<remark>(i) == send_status::accepted);
    stop(ref);
    const send_status refused = co_await ref.tell<remark>(-1);
    CHECK(refused == send_status::closed);
    const outcome<int> asked = co_await as_outcome(ref.ask<work>(1, manner::answers, 0s));
    CHECK(failure_of_ask(asked) == ask_failure::receiver_down);
    co_await sleep_for(1s); // until it has ended
  });
}

} // namespace

TEST_CASE("stop_after_drain lets an actor handle what it was sent, in order, and takes nothing more", "[actors][C3]") {
  const service_log log = stopped_behind(1'000, [](const address& ref) { ref.stop_after_drain(); });
  REQUIRE(log.remarks.size() == 1'000);
  for (std::size_t i = 0; i < log.remarks.size(); ++i)
    REQUIRE(log.remarks[i] == static_cast<int>(i));
}

TEST_CASE("stop_now is handled next, whatever the backlog", "[actors][C3]") {
  const service_log log = stopped_behind(100'000, [](const address& ref) { ref.stop_now(); });
  CHECK(log.remarks.empty());
}

TEST_CASE("stop_now ends what an actor does and answers all who wait, at once, and fails nobody", "[actors][C3][F1]") {
  const service_log log = beside_service({.capacity = 4}, [](const address& ref, service_log&) -> task<> {
    std::optional<ask_failure> running, queued;
    co_await in_task_group([&](task_group& askers) -> task<> {
      askers.start([&]() -> task<> {
        running = failure_of_ask(co_await as_outcome(ref.ask<work>(1, manner::answers, 10s)));
        CHECK(now() == instant{1s});
      });
      co_await sleep_for(1ms); // now it is
      askers.start([&]() -> task<> {
        queued = failure_of_ask(co_await as_outcome(ref.ask<work>(2, manner::answers, 10s)));
        CHECK(now() == instant{1s});
      });
      co_await sleep_for(999ms);
      ref.stop_now();
      ref.stop_now();
    });
    CHECK(running == ask_failure::aborted);
    CHECK(queued == ask_failure::receiver_down);
    co_await sleep_for(1s); // nobody was cancelled with it
  });
  CHECK(log.begun == std::vector{1});
}

TEST_CASE("an actor that is stopped sees the stop, and not first that its mailbox is closed", "[actors][C3][B1]") {
  bool saw_a_close = false;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto idle = [](inbox<service_message> in, bool& closed) -> task<> {
        while (auto next = co_await in.receive())
          next->taken();
        closed = true;
      };
      const address ref = group.start_actor({}, idle, std::ref(saw_a_close));
      co_await sleep_for(1s);
      ref.stop_now();
    });
  });
  CHECK(ended.has_value());
  CHECK_FALSE(saw_a_close);
}

TEST_CASE("stop_now waits for a shielded phase, whose answer counts", "[actors][C3][B4]") {
  static_cast<void>(beside_service({.capacity = 4}, [](const address& ref, service_log&) -> task<> {
    co_await in_task_group([&](task_group& askers) -> task<> {
      askers.start([&]() -> task<> {
        const int got = co_await ref.ask<work>(1, manner::shielded, 3s);
        CHECK(got == 1);
        CHECK(now() == instant{3s});
      });
      co_await sleep_for(1s);
      ref.stop_now();
    });
  }));
}

TEST_CASE("an actor that is stopped before it has run handles nothing", "[actors][C3]") {
  simulator simulated{in_any_order()};
  service_log log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      const address ref = group.start_actor({}, service, std::ref(log));
      CHECK(ref.try_tell<remark>(1) == send_status::accepted);
      ref.stop_now();
      CHECK(ref.try_tell<remark>(2) == send_status::closed);
    });
  });
  CHECK(ended.has_value());
  CHECK(log.remarks.empty());
}

TEST_CASE("tell_after tells when its time has come, and not when its child or group was cancelled", "[actors][C8]") {
  const service_log log = beside_service({.capacity = 4}, [](const address& ref, service_log& seen) -> task<> {
    co_await in_task_group([&](task_group& delays) -> task<> {
      child<send_status> first = ref.tell_after<remark>(delays, 2s, 1);
      child<send_status> second = ref.tell_after<remark>(delays, 3s, 2);
      static_cast<void>(ref.tell_after<remark>(delays, 1s, 3));
      co_await sleep_for(1500ms);
      CHECK(seen.remarks == std::vector{3});
      second.cancel();
      const send_status status = co_await first.value();
      CHECK(status == send_status::accepted);
      CHECK(now() == instant{2s});
      static_cast<void>(ref.tell_after<remark>(delays, 1h, 4));
      delays.cancel();
    });
    CHECK(now() == instant{2s});
  });
  CHECK(log.remarks == std::vector{3, 1});
}

TEST_CASE("every way to send to a full actor meets its bound", "[actors][C8]") {
  for (const overflow on_full : {overflow::reject, overflow::drop_newest, overflow::suspend}) {
    static_cast<void>(
        beside_service({.capacity = 1, .on_full = on_full}, [&](const address& ref, service_log&) -> task<> {
          const bool waits = on_full == overflow::suspend;
          co_await in_task_group([&](task_group& others) -> task<> {
            others.start([&]() -> task<> {
              const int got = co_await ref.ask<work>(1, manner::answers, 4s);
              CHECK(got == 1);
            });
            co_await sleep_for(1s);
            co_await ref.tell<remark>(1); // fills it
            const send_status tried = ref.try_tell<remark>(2);
            CHECK(tried == (on_full == overflow::drop_newest ? send_status::dropped : send_status::full));
            const bool told =
                co_await move_on_after(1s, [](const address& to) -> task<> { co_await to.tell<remark>(3); }(ref));
            CHECK(told == !waits);
            const outcome<int> asked = co_await as_outcome(fail_after(1s, ref.ask<work>(2, manner::answers, 0s)));
            CHECK((waits ? fate_of_ask(asked) : failure_of_ask(asked)) ==
                  (waits ? ask_failure::not_started : ask_failure::overflow));
            child<send_status> later = ref.tell_after<remark>(others, 500ms, 4);
            const send_status status = co_await later.value(); // waiting for room, where it waits
            CHECK(status == (waits                              ? send_status::accepted
                             : on_full == overflow::drop_newest ? send_status::dropped
                                                                : send_status::full));
            CHECK(now() == (waits ? instant{4s} : now()));
            CHECK(ref.statistics().depth_max <= 1);
          });
        }));
  }
}

TEST_CASE("limits of asks are the actor's", "[actors][B6]") {
  static_cast<void>(beside_service(
      {.capacity = 4, .limits = {.ask = 2s, .fate = 3s}}, [](const address& ref, service_log&) -> task<> {
        const outcome<int> late = co_await as_outcome(ref.ask<work>(1, manner::shielded, 10s));
        CHECK(failure_of_ask(late) == ask_failure::in_doubt);
        CHECK(now() == instant{5s});
      }));
}

TEST_CASE("an ask that has waited for longer than max_age is told so, and its handler is not run", "[actors][C11]") {
  const service_log log =
      beside_service({.capacity = 4, .max_age = 1s}, [](const address& ref, service_log& seen) -> task<> {
        co_await in_task_group([&](task_group& askers) -> task<> {
          const auto ask = [&ref](int id, std::optional<ask_failure> failure) -> task<> {
            const outcome<int> ended = co_await as_outcome(ref.ask<work>(id, manner::answers, 2s));
            CHECK(failure_of_ask(ended) == failure);
          };
          askers.start(ask, 1, std::nullopt);
          co_await sleep_for(500ms);
          askers.start(ask, 2, ask_failure::expired); // 1.5 s old when its turn comes
          co_await sleep_for(1s);
          askers.start(ask, 3, std::nullopt);
        });
        CHECK(ref.statistics().dropped_by(drop_reason::expired) == 1);
        CHECK(seen.begun == std::vector{1, 3});
      });
  CHECK(log.ended == std::vector{1, 3});
}

// ---- what nobody handles --------------------------------------------------------------------------------------------

namespace {

/// A message with a resource that must not be lost.
struct parcel {
  std::unique_ptr<int> content;
};
struct parcel_question {
  std::unique_ptr<int> content;
  reply<int> to;
};
using parcels = message<parcel, parcel_question>;

task<> post(inbox<parcels> in, int& delivered) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](parcel& p) -> task<> {
          co_await sleep_for(1s);
          ++delivered;
          p.content.reset();
        },
        [&](parcel_question& q) {
          ++delivered;
          q.to(*q.content);
        });
}

} // namespace

TEST_CASE(
    "what an actor does not handle goes to on_undelivered once, with its reason, and an ask can be answered there",
    "[actors][E6]") {
  for (const overflow on_full : {overflow::suspend, overflow::reject, overflow::drop_newest, overflow::drop_oldest}) {
    simulator simulated{in_any_order()};
    int delivered = 0, lost = 0, sent = 0;
    std::vector<drop_reason> reasons;
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        const auto keep = [&](parcels&& undelivered, drop_reason why) {
          reasons.push_back(why);
          undelivered.visit([&](auto& kind) {
            CHECK(kind.content != nullptr);
            kind.content.reset();
            ++lost;
            if constexpr (requires { kind.to; })
              kind.to(-1);
          });
        };
        const auto ref =
            group.start_actor({.capacity = 2, .on_full = on_full}, on_undelivered{keep}, post, std::ref(delivered));
        for (int i = 0; i < 6; ++i) {
          ++sent;
          static_cast<void>(co_await move_on_after(100ms, [](auto to, int n) -> task<> {
            co_await to.template tell<parcel>(std::make_unique<int>(n));
          }(ref, i)));
        }
        group.start([&, ref]() -> task<> {
          ++sent;
          const int got = co_await ref.ask<parcel_question>(std::make_unique<int>(7));
          CHECK((got == 7 || got == -1));
        });
        co_await sleep_for(1500ms);
        ref.stop_now();
        co_await sleep_for(1s);
        CHECK(ref.try_tell<parcel>(std::make_unique<int>(8)) == send_status::closed); // not moved from, not counted
      });
    });
    CHECK(ended.has_value());
    CHECK(lost > 0);
    CHECK(delivered + lost == sent);
    CHECK(static_cast<int>(reasons.size()) == lost);
  }
}
