#include <troupe/actors/reply.hpp>

#include "service.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/scope/shield.hpp>

#include <functional>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("a reply that is dropped answers at once, though its work goes on", "[actors][F2]") {
  static_cast<void>(beside_service({}, [](const actor_ref<service_message>& ref, service_log&) -> task<> {
    const outcome<int> dropped = co_await as_outcome(ref.ask<work>(1, manner::drops, 1s));
    CHECK(failure_of_ask(dropped) == ask_failure::broken_promise);
    CHECK(now() == instant{1s});
    const int next = co_await ref.ask<work>(2, manner::answers, 1s);
    CHECK(next == 2);
    CHECK(now() == instant{3s});
  }));
}

TEST_CASE("a reply can be kept and answered later, by any fiber, once", "[actors][F2]") {
  static_cast<void>(beside_service({}, [](const actor_ref<service_message>& ref, service_log& log) -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start([&log]() -> task<> {
        co_await sleep_for(1s);
        for (reply<int>& kept : log.kept) {
          CHECK(kept);
          kept(42);
          kept(43);
          kept.fail(std::make_exception_ptr(1));
        }
        log.kept.clear();
      });
      const int got = co_await ref.ask<work>(1, manner::keeps, 0s);
      CHECK(got == 42);
    });
  }));
}

TEST_CASE("a reply that was kept and goes without an answer is a broken promise", "[actors][F2]") {
  static_cast<void>(beside_service({}, [](const actor_ref<service_message>& ref, service_log& log) -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start([&log]() -> task<> {
        co_await sleep_for(1s);
        log.kept.clear();
      });
      const outcome<int> got = co_await as_outcome(ref.ask<work>(1, manner::keeps, 0s));
      CHECK(failure_of_ask(got) == ask_failure::broken_promise);
    });
  }));
}

TEST_CASE("an answer can be an error, a reference or nothing", "[actors][F2]") {
  struct wants_error {
    reply<int> to;
  };
  struct wants_reference {
    reply<std::string&> to;
  };
  struct wants_nothing {
    reply<void> to;
  };
  using asked = message<wants_error, wants_reference, wants_nothing>;
  std::string target = "target";
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto serve = [&target](inbox<asked> in) -> task<> {
        while (auto next = co_await in.receive())
          co_await next->match(
              [](wants_error& m) { m.to.fail(std::make_exception_ptr(std::range_error{"as answer"})); },
              [&](wants_reference& m) { m.to(target); }, [](wants_nothing& m) { m.to(); });
      };
      const auto ref = group.start_actor({}, serve);
      const outcome<int> error = co_await as_outcome(ref.ask<wants_error>());
      CHECK(message_of(error.error()) == "as answer");
      std::string& got = co_await ref.ask<wants_reference>();
      CHECK(&got == &target);
      co_await ref.ask<wants_nothing>();
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a reply in a message that was told is empty, and answering does nothing", "[actors]") {
  reply<int> nobody;
  CHECK_FALSE(nobody);
  nobody(1);
  nobody.fail(std::make_exception_ptr(1));
}

namespace {

/// Passes work on to another actor, and goes on for `after`.
task<> clerk(inbox<service_message> in, actor_ref<service_message> to, duration after) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](work& asked) -> task<> {
          co_await to.tell<work>(asked.id, asked.how, asked.takes, std::move(asked.to));
          co_await sleep_for(after);
        },
        [](remark&) {});
}

task<> pass_on(actor_ref<service_message> to, work& asked, duration before) {
  co_await sleep_for(before);
  co_await to.tell<work>(asked.id, asked.how, asked.takes, std::move(asked.to));
}

/// Does not let itself be stopped in the middle of that.
task<> careful_clerk(inbox<service_message> in, actor_ref<service_message> to, duration before) {
  while (auto next = co_await in.receive())
    co_await next->match([&](work& asked) -> task<> { co_await shield(10s, pass_on(to, asked, before)); },
                         [](remark&) {});
}

} // namespace

TEST_CASE("an ask that is passed on is answered by whom it was passed to", "[actors][F2]") {
  for (const duration after : {duration{0s}, duration{10s}}) {
    simulator simulated{in_any_order()};
    service_log log;
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        const auto worker = group.start_actor({}, service, std::ref(log));
        const auto front = group.start_actor({}, clerk, worker, after);
        const int got = co_await front.ask<work>(1, manner::answers, 1s);
        CHECK(got == 1);
        CHECK(now() == instant{1s});
      });
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("an ask that is passed on is revoked where it is worked on", "[actors][B6]") {
  for (const duration after : {duration{0s}, duration{1s}, duration{10s}}) {
    simulator simulated{in_any_order()};
    service_log log;
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        const auto worker = group.start_actor({}, service, std::ref(log));
        const auto front = group.start_actor({}, clerk, worker, after);
        const outcome<int> late = co_await as_outcome(fail_after(2s, front.ask<work>(1, manner::answers, 5s)));
        CHECK(fate_of_ask(late) == ask_failure::aborted);
        CHECK(now() == instant{2s});
        co_await sleep_for(10s);
        CHECK(log.begun == std::vector{1});
        CHECK(log.ended.empty());
      });
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("an ask that is passed on after its asker was stopped is not begun there", "[actors][B6]") {
  simulator simulated{in_any_order()};
  service_log log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto worker = group.start_actor({}, service, std::ref(log));
      const auto front = group.start_actor({}, careful_clerk, worker, 2500ms);
      const outcome<int> late = co_await as_outcome(fail_after(2s, front.ask<work>(1, manner::answers, 5s)));
      CHECK(fate_of_ask(late) == ask_failure::aborted);
      CHECK(now() == instant{2500ms});
      co_await sleep_for(10s);
      CHECK(log.begun.empty());
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("an ask that is passed on to who has gone is told so", "[actors][F2]") {
  simulator simulated{in_any_order()};
  service_log log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      std::optional<actor_ref<service_message>> gone;
      co_await in_task_group([&](task_group& inner) {
        gone = inner.start_actor({}, service, std::ref(log));
        inner.cancel();
      });
      const auto front = group.start_actor({}, clerk, *gone, 0s);
      const outcome<int> down = co_await as_outcome(front.ask<work>(1, manner::answers, 1s));
      CHECK(failure_of_ask(down) == ask_failure::broken_promise); // the front had begun it
      CHECK(now() == instant{0s});
    });
  });
  CHECK(ended.has_value());
}
