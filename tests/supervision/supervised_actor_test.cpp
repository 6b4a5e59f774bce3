#include <troupe/supervision/supervised_actor.hpp>

#include "children.hpp"

#include <tests/actors/notes_the_end.hpp>
#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/actors/actor_gate.hpp>
#include <troupe/scope/task_group.hpp>

#include <memory>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

struct note {
  int id;
  bool fails = false;
};
struct question {
  int id;
  std::unique_ptr<int> content;
  reply<int> to;
};
using clerk_message = message<note, question>;
using clerk_ref = actor_ref<clerk_message>;

/// Takes a second for each message.
task<> clerk(inbox<clerk_message> in, std::string& log, int answers) {
  log += "+ ";
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](note& told) -> task<> {
          co_await sleep_for(1s);
          if (told.fails)
            throw std::runtime_error("it fails");
          log += std::to_string(told.id) + " ";
        },
        [&](question& asked) -> task<> {
          co_await sleep_for(1s);
          asked.to(++answers);
        });
}

/// Starts a clerk under a supervisor, and runs `body(top, its address, log)`. What it has logged.
template <class Body>
std::string beside_clerk(const supervisor_options& options, const actor_spec& spec, Body body) {
  std::string log;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await supervise(options, [&](supervisor& top) -> task<> {
      const auto lost = [&log](clerk_message&& dropped, drop_reason why) {
        dropped.visit(
            [&](auto& kind) { log += "lost " + std::to_string(kind.id) + " " + std::string(to_string(why)) + " "; });
      };
      const clerk_ref ref = co_await top.start_actor(spec, on_undelivered{lost}, clerk, std::ref(log), 0);
      co_await body(top, ref, log);
    });
  });
  if (ended.has_error())
    log += message_of(ended.error()).find("gives up") != std::string::npos ? "gave up" : message_of(ended.error());
  return log;
}

/// What an ask for a question gives, as a word.
task<std::string> asked(clerk_ref whom, int id) {
  outcome<int> got = co_await as_outcome(whom.ask<question>(id, std::make_unique<int>(id)));
  if (got.has_value())
    co_return std::to_string(got.value());
  try {
    std::rethrow_exception(got.error());
  } catch (const ask_error& failed) {
    const question* const back = failed.handed_back<question>();
    co_return std::string(to_string(failed.why())) + (back != nullptr ? " " + std::to_string(*back->content) : "");
  } catch (const std::exception& other) {
    co_return other.what();
  }
}

} // namespace

TEST_CASE("an address that was taken before a crash works after it, and what was queued stays in its order",
          "[supervision][OTP-079][A6][A7]") {
  const std::string log = beside_clerk({.intensity = 5}, {.name = "clerk"},
                                       [](supervisor& top, const clerk_ref& ref, std::string&) -> task<> {
                                         for (int id = 1; id <= 5; ++id)
                                           co_await ref.tell<note>(id, id == 2);
                                         co_await sleep_for(10s);
                                         CHECK(top.find("clerk")->incarnation() == 2);
                                         const mailbox_statistics books = ref.statistics();
                                         CHECK(books.sent == 5);
                                         CHECK(books.handled == 4);
                                         CHECK(books.dropped_by(drop_reason::crashed) == 1);
                                       });
  CHECK(log == "+ 1 lost 2 crashed + 3 4 5 ");
}

TEST_CASE("no message is lost or handled twice over a crash at each message, and over two in a row",
          "[supervision][A6]") {
  constexpr int count = 6;
  for (int first = 1; first <= count; ++first)
    for (int second = first; second <= count; ++second) {
      INFO("crashes at " << first << " and " << second);
      std::string expected = "+ ";
      for (int id = 1; id <= count; ++id)
        expected +=
            id == first || id == second ? "lost " + std::to_string(id) + " crashed + " : std::to_string(id) + " ";
      const std::string log = beside_clerk({.intensity = 5, .period = 1h}, {.name = "clerk", .capacity = 2},
                                           [&](supervisor&, const clerk_ref& ref, std::string&) -> task<> {
                                             for (int id = 1; id <= count; ++id)
                                               co_await ref.tell<note>(id, id == first || id == second);
                                             co_await sleep_for(20s);
                                           });
      CHECK(log == expected);
    }
}

TEST_CASE("when the restarts are used up, all that is left is lost with a word, in its order", "[supervision][A6]") {
  const std::string log = beside_clerk({.intensity = 1}, {.name = "clerk"},
                                       [](supervisor& top, const clerk_ref& ref, std::string&) -> task<> {
                                         for (int id = 1; id <= 5; ++id)
                                           co_await ref.tell<note>(id, id == 2 || id == 3);
                                         co_await top.run();
                                       });
  CHECK(log == "+ 1 lost 2 crashed + lost 3 crashed lost 4 no_receiver lost 5 no_receiver gave up");
}

TEST_CASE("asks that are queued when an actor fails are told at once, with their message, and later ones wait",
          "[supervision][A6]") {
  const std::string log = beside_clerk(
      {.intensity = 5, .backoff = {.initial = 10s, .jitter = 0}}, {.name = "clerk"},
      [](supervisor&, const clerk_ref& ref, std::string& to) -> task<> {
        const auto ask = [&to](clerk_ref whom, int id) -> task<> {
          const std::string got = co_await asked(whom, id);
          to += "[" + got + " at " + std::to_string(now().time_since_epoch() / 1s) + "] ";
        };
        co_await in_task_group([&](task_group& group) -> task<> {
          co_await ref.tell<note>(1, true);
          co_await ref.tell<note>(2);
          group.start(ask, ref, 3);
          group.start(ask, ref, 4);
          co_await sleep_for(2s); // they have been told; these come while nothing runs, and wait
          group.start([&ask](clerk_ref whom) -> task<> { co_await fail_after(30s, ask(std::move(whom), 5)); }, ref);
        });
      });
  const std::string either = log.find("[restarting 3 at 1] [restarting 4 at 1]") != std::string::npos ? "34" : "43";
  CHECK(log == (either == "34" ? "+ lost 1 crashed [restarting 3 at 1] [restarting 4 at 1] + 2 [1 at 13] "
                               : "+ lost 1 crashed [restarting 4 at 1] [restarting 3 at 1] + 2 [1 at 13] "));
}

TEST_CASE("what an actor throws at an ask is the answer, and the actor is started anew", "[supervision][A6][F2]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const auto thrower = [](inbox<message<question>> in) -> task<> {
      while (auto next = co_await in.receive())
        co_await next->match([](question& q) {
          if (q.id == 1)
            throw std::runtime_error("no answer");
          q.to(q.id);
        });
    };
    const auto ref = co_await top.start_actor({.name = "thrower"}, thrower);
    const outcome<int> got = co_await as_outcome(ref.ask<question>(1, nullptr));
    CHECK(message_of(got.error()) == "no answer");
    co_await sleep_for(1ms); // it is started anew: else it may hand the next one back
    const int next = co_await ref.ask<question>(2, nullptr);
    CHECK(next == 2);
  });
  CHECK(ended.has_value());
}

TEST_CASE("an actor that is stopped by its address is not started anew, and what is left is lost with a word",
          "[supervision][C3]") {
  const std::string now_log =
      beside_clerk({}, {.name = "clerk"}, [](supervisor& top, const clerk_ref& ref, std::string&) -> task<> {
        for (int id = 1; id <= 3; ++id)
          co_await ref.tell<note>(id);
        co_await sleep_for(1500ms);
        ref.stop_now();
        co_await sleep_for(1s);
        CHECK(top.find("clerk")->state() == child_status::down);
        const send_status late = co_await ref.tell<note>(4);
        CHECK(late == send_status::closed);
      });
  CHECK(now_log == "+ 1 lost 2 handling_cancelled lost 3 no_receiver lost 4 closed ");
  const std::string drained =
      beside_clerk({}, {.name = "clerk"}, [](supervisor& top, const clerk_ref& ref, std::string&) -> task<> {
        for (int id = 1; id <= 3; ++id)
          co_await ref.tell<note>(id);
        ref.stop_after_drain();
        co_await sleep_for(10s);
        CHECK(top.find("clerk")->state() == child_status::down);
      });
  CHECK(drained == "+ 1 2 3 ");
}

TEST_CASE("an actor that was stopped by name takes nothing until it is started again, by the same address",
          "[supervision][A7]") {
  const std::string log =
      beside_clerk({}, {.name = "clerk"}, [](supervisor& top, const clerk_ref& ref, std::string&) -> task<> {
        co_await ref.tell<note>(1);
        co_await ref.tell<note>(2);
        co_await sleep_for(500ms);
        co_await top.stop("clerk");
        const send_status closed = co_await ref.tell<note>(3);
        CHECK(closed == send_status::closed);
        const std::string down = co_await asked(ref, 4);
        CHECK(down == "receiver_down");
        co_await top.restart("clerk");
        co_await ref.tell<note>(5);
        co_await sleep_for(2s);
        ref.stop_now();
        co_await sleep_for(1s);
        co_await top.restart("clerk");
        co_await ref.tell<note>(6);
        co_await sleep_for(2s);
      });
  CHECK(log == "+ lost 1 handling_cancelled lost 2 no_receiver lost 3 closed lost 4 closed + 5 + 6 ");
}

TEST_CASE("an actor that drains handles what it was sent before it stops, within its grace", "[supervision][A9]") {
  for (const duration grace : {duration{10s}, duration{1500ms}}) {
    const std::string log = beside_clerk({}, {.name = "clerk", .shutdown = grace, .drains = true},
                                         [](supervisor&, const clerk_ref& ref, std::string&) -> task<> {
                                           for (int id = 1; id <= 3; ++id)
                                             co_await ref.tell<note>(id);
                                         });
    CHECK(log == (grace == 10s ? "+ 1 2 3 " : "+ 1 lost 2 handling_cancelled lost 3 no_receiver "));
  }
}

TEST_CASE("an actor that is stopped with its siblings goes on with its queue", "[supervision][A6]") {
  const std::string log =
      beside_clerk({.strategy = restart_strategy::one_for_all}, {.name = "clerk", .drains = true},
                   [](supervisor& top, const clerk_ref& ref, std::string&) -> task<> {
                     co_await top.start({.name = "failing", .restart = restart_type::transient}, failing_after, 1500ms);
                     for (int id = 1; id <= 3; ++id)
                       co_await ref.tell<note>(id);
                     co_await sleep_for(2900ms);
                   });
  CHECK(log == "+ 1 lost 2 handling_cancelled + 3 ");
}

TEST_CASE("an actor may say when it has started, and serves nobody before", "[supervision][A8]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const auto late = [](inbox<message<question>> in, startup up, int answer) -> task<> {
      co_await sleep_for(2s);
      up.started();
      while (auto next = co_await in.receive())
        co_await next->match([&](question& q) { q.to(answer); });
    };
    const auto ref = co_await top.start_actor({.name = "late"}, late, 42);
    CHECK(now() == instant{2s});
    const int got = co_await ref.ask<question>(1, nullptr);
    CHECK(got == 42);
  });
  CHECK(ended.has_value());
}

TEST_CASE("who watches the life of a supervised actor is told when it has ended for good, not of its restarts",
          "[supervision][A7]") {
  std::string told;
  const auto first = notes_the_end::in(told), second = notes_the_end::in(told);
  beside_clerk({.intensity = 3}, {.name = "clerk"},
               [&](supervisor& top, const clerk_ref& ref, std::string& log) -> task<> {
                 const detail::actor_gate<clerk_message> through{ref};
                 CHECK(through.life()->watch(*first));
                 through.tell(clerk_message{note{1, true}});
                 through.tell(clerk_message{note{2}});
                 co_await sleep_for(3s);
                 CHECK(log == "+ lost 1 crashed + 2 ");
                 CHECK(told.empty());
                 co_await top.stop("clerk");
                 CHECK(told == "cancelled ");
                 CHECK_FALSE(through.life()->watch(*second));
                 co_await top.restart("clerk");
                 CHECK(through.life()->watch(*second));
               });
  CHECK(told == "cancelled cancelled ");
}
