#include <troupe/actors/actor_ref.hpp>

#include "service.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using address = actor_ref<service_message>;

} // namespace

TEST_CASE("an ask gives the answer, and a tell is handled in order with asks", "[actors][F2]") {
  const service_log log = beside_service({.capacity = 4}, [](const address& ref, service_log&) -> task<> {
    const send_status told = co_await ref.tell<remark>(1);
    CHECK(told == send_status::accepted);
    CHECK(ref.try_tell<remark>(2) == send_status::accepted);
    const int got = co_await ref.ask<work>(7, manner::answers, 1s);
    CHECK(got == 7);
    CHECK(now() == instant{1s});
    co_await ref.tell<work>(8, manner::answers, 1s); // told, though it could be asked
    const int next = co_await ref.ask<work>(9, manner::answers_late, 1s);
    CHECK(next == 9);
    CHECK(now() == instant{2s}); // answered before its work had ended
  });
  CHECK(log.remarks == std::vector{1, 2});
  CHECK(log.begun == std::vector{7, 8, 9});
  CHECK(log.ended == std::vector{7, 8});
}

TEST_CASE("addresses are equal when they are of the same actor", "[actors]") {
  simulator simulated{in_any_order()};
  service_log log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      const address one = group.start_actor({}, service, std::ref(log));
      const address same = one;
      const address other = group.start_actor({}, service, std::ref(log));
      CHECK(one == same);
      CHECK(one != other);
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("the deadline around an ask is that of its handler's scope", "[actors][B6]") {
  struct question {
    reply<instant> to;
  };
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto serve = [](inbox<message<question>> in) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match([](question& asked) { asked.to(this_fiber::deadline()); });
      };
      const auto ref = group.start_actor({}, serve);
      const instant limited = co_await fail_after(2s, fail_after(9s, ref.ask<question>()));
      CHECK(limited == instant{2s});
      const instant unlimited = co_await ref.ask<question>();
      CHECK(unlimited == instant{ask_limits{}.ask});
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("what waits in the mailbox when the deadline passes is never begun", "[actors][B6][F2]") {
  const service_log log = beside_service({}, [](const address& ref, service_log& seen) -> task<> {
    co_await ref.tell<work>(1, manner::answers, 10s);
    const outcome<int> late = co_await as_outcome(fail_after(2s, ref.ask<work>(2, manner::answers, 1s)));
    CHECK(fate_of_ask(late) == ask_failure::not_started);
    CHECK(now() == instant{2s});
    const bool in_time = co_await move_on_after(2s, ref.ask<work>(3, manner::answers, 1s)) == 3;
    CHECK_FALSE(in_time);
    const int next = co_await fail_after(1h, ref.ask<work>(4, manner::answers, 1s));
    CHECK(next == 4);
    CHECK(seen.begun == std::vector{1, 4});
  });
  CHECK(log.ended == std::vector{1, 4});
}

TEST_CASE("what runs when the deadline passes is stopped, and the actor goes on", "[actors][B6][F2]") {
  const service_log log = beside_service({}, [](const address& ref, service_log&) -> task<> {
    const outcome<int> late = co_await as_outcome(fail_after(2s, ref.ask<work>(1, manner::answers, 10s)));
    CHECK(fate_of_ask(late) == ask_failure::aborted);
    CHECK(now() == instant{2s});
    const int next = co_await ref.ask<work>(2, manner::answers, 1s);
    CHECK(next == 2);
  });
  CHECK(log.ended == std::vector{2});
}

TEST_CASE("the answer of a commit phase is delivered though the deadline has passed", "[actors][B2][B6][F2]") {
  static_cast<void>(beside_service({}, [](const address& ref, service_log&) -> task<> {
    const int got = co_await fail_after(2s, ref.ask<work>(1, manner::shielded, 2500ms));
    CHECK(got == 1);
    CHECK(now() == instant{2500ms});
  }));
}

TEST_CASE("an asker does not wait for ever for the fate of what was begun", "[actors][B6][B8][F2]") {
  const service_log log = beside_service({}, [](const address& ref, service_log&) -> task<> {
    const outcome<int> late = co_await as_outcome(fail_after(2s, ref.ask<work>(1, manner::shielded, 10s)));
    CHECK(fate_of_ask(late) == ask_failure::in_doubt);
    CHECK(now() == instant{2s} + ask_limits{}.fate);
    const outcome<int> kept = co_await as_outcome(fail_after(20s, ref.ask<work>(2, manner::keeps, 0s)));
    CHECK(fate_of_ask(kept) == ask_failure::in_doubt);
  });
  CHECK(log.ended == std::vector{1});
}

TEST_CASE("of limits in each other that have both passed the outer one tells the fate", "[actors][B3][B6]") {
  static_cast<void>(beside_service({}, [](const address& ref, service_log&) -> task<> {
    const outcome<int> late =
        co_await as_outcome(fail_after(2500ms, fail_after(2s, ref.ask<work>(1, manner::shielded, 10s))));
    CHECK(fate_of_ask(late) == ask_failure::in_doubt);
  }));
  static_cast<void>(beside_service({}, [](const address& ref, service_log&) -> task<> {
    const outcome<int> late =
        co_await as_outcome(fail_after(2s, fail_after(2s, ref.ask<work>(1, manner::answers, 10s))));
    CHECK(fate_of_ask(late) == ask_failure::aborted);
  }));
}

TEST_CASE("an ask without a deadline around it has one of its own", "[actors][F2]") {
  static_cast<void>(beside_service({}, [](const address& ref, service_log&) -> task<> {
    const outcome<int> aborted = co_await as_outcome(ref.ask<work>(1, manner::answers, 10s));
    CHECK(failure_of_ask(aborted) == ask_failure::aborted);
    CHECK(now() == instant{ask_limits{}.ask});
    co_await ref.tell<work>(2, manner::answers, 10s);
    const outcome<int> waited = co_await as_outcome(ref.ask<work>(3, manner::answers, 1s));
    CHECK(failure_of_ask(waited) == ask_failure::not_started);
  }));
}

TEST_CASE("an ask whose deadline has passed sends nothing", "[actors][B7]") {
  const service_log log = beside_service({}, [](const address& ref, service_log&) -> task<> {
    for (const duration limit : {duration{0s}, duration{-1s}, duration::min()}) {
      const outcome<int> late = co_await as_outcome(fail_after(limit, ref.ask<work>(1, manner::answers, 1s)));
      CHECK(late.has_error());
    }
    const int got = co_await fail_after(duration::max(), ref.ask<work>(2, manner::answers, 1s));
    CHECK(got == 2);
  });
  CHECK(log.begun == std::vector{2});
}

TEST_CASE("an asker that is stopped revokes, and its stop goes on", "[actors][B6]") {
  const service_log log = beside_service({}, [](const address& ref, service_log& seen) -> task<> {
    co_await in_task_group([&](task_group& askers) -> task<> {
      bool went_on = false;
      child<> running = askers.start([&]() -> task<> {
        co_await ref.ask<work>(1, manner::answers, 10s);
        went_on = true;
      });
      co_await sleep_for(1ms); // now it is
      child<> queued = askers.start([&]() -> task<> {
        co_await ref.ask<work>(2, manner::answers, 10s);
        went_on = true;
      });
      co_await sleep_for(999ms);
      CHECK(seen.begun == std::vector{1});
      queued.cancel();
      co_await queued.wait_ended();
      running.cancel();
      co_await running.wait_ended();
      CHECK(queued.result().cancelled());
      CHECK(running.result().cancelled());
      CHECK_FALSE(went_on);
      CHECK(now() == instant{1s});
    });
  });
  CHECK(log.begun == std::vector{1});
  CHECK(log.ended.empty());
}

TEST_CASE("an asker that is stopped gets the answer of a commit phase first", "[actors][B4]") {
  static_cast<void>(beside_service({}, [](const address& ref, service_log&) -> task<> {
    co_await in_task_group([&](task_group& askers) -> task<> {
      int got = 0;
      child<> asker = askers.start([&]() -> task<> {
        got = co_await ref.ask<work>(1, manner::shielded, 1500ms);
        co_await checkpoint();
        got = 0;
      });
      co_await sleep_for(1s);
      asker.cancel();
      co_await asker.wait_ended();
      CHECK(asker.result().cancelled());
      CHECK(got == 1);
    });
  }));
}

TEST_CASE("a full mailbox makes an ask wait, or fails it, as its strategy says", "[actors][F2]") {
  for (const overflow on_full : {overflow::suspend, overflow::reject, overflow::drop_newest, overflow::drop_oldest}) {
    const service_log log =
        beside_service({.capacity = 1, .on_full = on_full}, [&](const address& ref, service_log&) -> task<> {
          std::vector<std::optional<ask_failure>> failed(3);
          co_await ref.tell<work>(0, manner::answers, 1s);
          co_await sleep_for(1ms); // it is in hand now
          co_await in_task_group([&](task_group& askers) -> task<> {
            for (int id = 1; id <= 2; ++id) {
              askers.start([&, id]() -> task<> {
                failed[static_cast<std::size_t>(id)] =
                    failure_of_ask(co_await as_outcome(ref.ask<work>(id, manner::answers, 1s)));
              });
              co_await sleep_for(1ms);
            }
          });
          const std::size_t loser = on_full == overflow::drop_oldest ? 1 : 2;
          if (on_full == overflow::suspend)
            CHECK(failed == std::vector<std::optional<ask_failure>>(3));
          else
            CHECK(failed[loser] == ask_failure::overflow);
        });
    CHECK(log.ended.size() == (on_full == overflow::suspend ? 3 : 2));
  }
}

TEST_CASE("a full mailbox holds up no revoke, no answer and no stop, and none of them takes a slot", "[actors][C2]") {
  const service_log log = beside_service({.capacity = 1}, [](const address& ref, service_log&) -> task<> {
    co_await in_task_group([&](task_group& others) -> task<> {
      std::optional<ask_failure> fate;
      others.start([&]() -> task<> {
        fate = fate_of_ask(co_await as_outcome(fail_after(1s, ref.ask<work>(1, manner::answers, 10s))));
        CHECK(now() == instant{1s});
      });
      co_await sleep_for(500ms);
      for (int id = 0; id < 3; ++id) // one in the mailbox, two that wait for room
        others.start([&ref, id]() -> task<> { co_await ref.tell<remark>(id); });
      others.start([&ref]() -> task<> {
        const int answered = co_await ref.ask<work>(2, manner::answers, 1s);
        CHECK(answered == 2);
      });
      co_await sleep_for(1s);
      CHECK(fate == ask_failure::aborted);
      CHECK(ref.statistics().depth_max == 1);
      co_await sleep_for(2s);
      others.start([&ref]() -> task<> {
        const outcome<int> stopped = co_await as_outcome(ref.ask<work>(3, manner::answers, 10s));
        CHECK(failure_of_ask(stopped) == ask_failure::aborted);
      });
      co_await sleep_for(1s);
      static_cast<void>(ref.try_tell<remark>(4));
      ref.stop_now();
      co_await sleep_for(0s);
    });
    CHECK(now() == instant{4500ms});
  });
  CHECK(log.remarks.size() == 3);
}

TEST_CASE("an ask that waits for room is not sent after its deadline", "[actors][B6][C8]") {
  const service_log log = beside_service({.capacity = 1}, [](const address& ref, service_log&) -> task<> {
    for (int id = 0; id < 2; ++id)
      co_await ref.tell<work>(id, manner::answers, 5s);
    const outcome<int> late = co_await as_outcome(fail_after(2s, ref.ask<work>(2, manner::answers, 1s)));
    CHECK(fate_of_ask(late) == ask_failure::not_started);
    const int next = co_await fail_after(1h, ref.ask<work>(3, manner::answers, 1s));
    CHECK(next == 3);
  });
  CHECK(log.begun == std::vector{0, 1, 3});
}

TEST_CASE("an actor that has ended is down, for those that wait and those that come", "[actors][F2]") {
  simulator simulated{in_any_order()};
  service_log log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& outer) -> task<> {
      std::optional<address> kept;
      std::optional<ask_failure> queued, waited;
      const outcome<> failed = co_await as_outcome(in_task_group([&](task_group& group) -> task<> {
        kept = group.start_actor({.capacity = 1}, service, std::ref(log));
        co_await kept->tell<work>(0, manner::throws, 1s);
        co_await sleep_for(1ms);
        outer.start(
            [&]() -> task<> { queued = failure_of_ask(co_await as_outcome(kept->ask<work>(1, manner::answers, 1s))); });
        co_await sleep_for(1ms);
        outer.start(
            [&]() -> task<> { waited = failure_of_ask(co_await as_outcome(kept->ask<work>(2, manner::answers, 1s))); });
        co_await sleep_until(instant::max());
      }));
      CHECK(failed.has_error());
      co_await sleep_for(1ms);
      CHECK(queued == ask_failure::receiver_down);
      CHECK(waited == ask_failure::receiver_down);
      const outcome<int> after = co_await as_outcome(kept->ask<work>(3, manner::answers, 1s));
      CHECK(failure_of_ask(after) == ask_failure::receiver_down);
      CHECK(kept->try_tell<remark>(4) == send_status::closed);
      CHECK(now() == instant{1s} + 1ms); // nobody has waited for a deadline
    });
  });
  CHECK(ended.has_value());
  CHECK(log.begun == std::vector{0});
}

TEST_CASE("what a failed ask did is in its error, with a sentence", "[actors][F2]") {
  CHECK(ask_error{ask_failure::receiver_down}.nothing_begun());
  CHECK(ask_error{ask_failure::overflow}.nothing_begun());
  CHECK(ask_error{ask_failure::not_started}.nothing_begun());
  CHECK_FALSE(ask_error{ask_failure::aborted}.nothing_begun());
  CHECK_FALSE(ask_error{ask_failure::broken_promise}.nothing_begun());
  CHECK_FALSE(ask_error{ask_failure::in_doubt}.nothing_begun());
  CHECK(ask_error{ask_failure::aborted}.what() ==
        std::string("ask: aborted: it was begun, and stopped before it had ended"));
}

TEST_CASE("what an actor's full mailbox drops is counted by reason", "[actors][C13]") {
  static_cast<void>(beside_service({.capacity = 1, .on_full = overflow::drop_oldest},
                                   [](const address& ref, service_log& seen) -> task<> {
                                     for (int id = 0; id < 3; ++id)
                                       CHECK(ref.try_tell<remark>(id) == send_status::accepted);
                                     CHECK(ref.statistics().dropped_by(drop_reason::oldest) == 2);
                                     co_await sleep_for(1ms);
                                     CHECK(seen.remarks == std::vector{2});
                                   }));
}
