#include <troupe/actors/message.hpp>

#include "service.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("what a handler throws is the answer, and the end of the actor and its group", "[actors][F2]") {
  simulator simulated{in_any_order()};
  service_log log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    std::optional<std::string> told;
    const outcome<> group_ended = co_await as_outcome(in_task_group([&](task_group& group) -> task<> {
      const auto ref = group.start_actor({.name = "service"}, service, std::ref(log));
      const outcome<int> failed = co_await as_outcome(ref.ask<work>(1, manner::throws, 1s));
      told = message_of(failed.error());
      co_await sleep_until(instant::max());
    }));
    CHECK(told == "the work failed");
    const error_group group = group_of(group_ended);
    REQUIRE(group.errors().size() == 1);
    CHECK(group.errors()[0].whose() == "child 0 (service)");
    CHECK(message_of(group.errors()[0].error) == "the work failed");
  });
  CHECK(ended.has_value());
}

TEST_CASE("a handler that throws before it gives a task fails in the same way", "[actors][F2]") {
  struct question {
    reply<int> to;
  };
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const outcome<> group_ended = co_await as_outcome(in_task_group([](task_group& group) -> task<> {
      const auto serve = [](inbox<message<question>> in) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match([](question&) -> task<> { throw std::range_error{"no task"}; });
      };
      const auto ref = group.start_actor({}, serve);
      const outcome<int> failed = co_await as_outcome(ref.ask<question>());
      CHECK(message_of(failed.error()) == "no task");
    }));
    CHECK(group_of(group_ended).errors().size() == 1);
  });
  CHECK(ended.has_value());
}

TEST_CASE("an actor that is stopped in the middle tells those whose work it had begun, and those who wait",
          "[actors][F2]") {
  simulator simulated{in_any_order()};
  service_log log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& askers) -> task<> {
      std::optional<ask_failure> running, queued;
      co_await in_task_group([&](task_group& group) -> task<> {
        const auto ref = group.start_actor({}, service, std::ref(log));
        askers.start([&, ref]() -> task<> {
          running = failure_of_ask(co_await as_outcome(ref.ask<work>(1, manner::answers, 10s)));
        });
        co_await sleep_for(1ms);
        askers.start([&, ref]() -> task<> {
          queued = failure_of_ask(co_await as_outcome(ref.ask<work>(2, manner::answers, 10s)));
        });
        co_await sleep_for(1s);
        group.cancel();
      });
      co_await sleep_for(1ms);
      CHECK(running == ask_failure::aborted);
      CHECK(queued == ask_failure::receiver_down);
    });
  });
  CHECK(ended.has_value());
  CHECK(log.begun == std::vector{1});
}

TEST_CASE("a message that is taken and not handled tells its asker that nothing was begun", "[actors][F2]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      const auto ignores = [](inbox<service_message> in) -> task<> {
        while (auto next = co_await in.receive())
          co_await sleep_for(1s);
      };
      const auto ref = group.start_actor({}, ignores);
      const outcome<int> ignored = co_await as_outcome(ref.ask<work>(1, manner::answers, 1s));
      CHECK(failure_of_ask(ignored) == ask_failure::not_started);
      CHECK(now() == instant{1s});
    });
  });
  CHECK(ended.has_value());
}

namespace {

struct question {
  int how;
  reply<int> to;
};

/// Holds its reply in a frame of its own while it fails, swallows that, waits, or is done.
task<> hold(question& asked, bool& went_on) {
  const reply<int> mine = std::move(asked.to);
  co_await sleep_for(1s);
  went_on = true;
  throw std::range_error{"the holder failed"};
}

task<> holder(inbox<message<question>> in, bool& went_on, bool& left) {
  while (auto next = co_await in.receive()) {
    co_await next->match([&](question& asked) -> task<> {
      if (asked.how == 0)
        co_return co_await hold(asked, went_on);
      static_cast<void>(co_await as_outcome(hold(asked, went_on)));
      co_await sleep_for(1s);
    });
    left = true;
  }
}

} // namespace

TEST_CASE("a reply that goes with the frames of failing work is answered as the work ends", "[actors][F2]") {
  bool went_on = false, left = false;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const outcome<> group_ended = co_await as_outcome(in_task_group([&](task_group& group) -> task<> {
      const auto ref = group.start_actor({}, holder, std::ref(went_on), std::ref(left));
      const outcome<int> aborted = co_await as_outcome(fail_after(500ms, ref.ask<question>(0)));
      CHECK(fate_of_ask(aborted) == ask_failure::aborted);
      CHECK_FALSE(went_on);
      const outcome<int> swallowed = co_await as_outcome(ref.ask<question>(1));
      CHECK(failure_of_ask(swallowed) == ask_failure::broken_promise);
      const outcome<int> failed = co_await as_outcome(ref.ask<question>(0));
      CHECK(message_of(failed.error()) == "the holder failed");
    }));
    CHECK(group_ended.has_error());
  });
  CHECK(ended.has_value());
}

TEST_CASE("the stop of an actor goes on through the message that it handles", "[actors][B1]") {
  bool went_on = false, left = false;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto ref = group.start_actor({}, holder, std::ref(went_on), std::ref(left));
      co_await ref.tell<question>(1);
      group.start([ref]() -> task<> {
        const auto kept = ref;
        co_await kept.ask<question>(1);
      });
      co_await sleep_for(2500ms); // the second one is being handled
      left = false;
      group.cancel();
    });
  });
  CHECK(ended.has_value());
  CHECK_FALSE(left);
}
