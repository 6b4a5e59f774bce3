#include <troupe/testing/messages.hpp>

#include <tests/catch.hpp>
#include <tests/testing/crashing_actors.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/task_group.hpp>

#include <algorithm>
#include <vector>

using namespace troupe;
using namespace troupe::tests;

namespace {

task<> tells(actor_ref<account_message> bank) {
  for (const int cents : {-1, 2, -3, 4, 5})
    co_await bank.tell<deposit>(cents);
  co_await sleep_for(std::chrono::seconds{1});
}

task<> tells_two(actor_ref<account_message> bank, int first) {
  co_await bank.tell<deposit>(first);
  co_await bank.tell<deposit>(2);
}

task<> asks(actor_ref<account_message> bank) { static_cast<void>(co_await as_outcome(bank.ask<balance>())); }

/// What is queued when a run crashes is given back by it, and taken by the next.
task<> crashes_with_more_in_hand() {
  co_await supervise({.intensity = 3}, [](supervisor& top) -> task<> {
    const auto bank = co_await top.start_actor({.name = "bank", .capacity = 5}, account);
    co_await in_task_group([&](task_group& group) { group.start({.name = "customer"}, tells, bank); });
  });
}

std::size_t taken(const detail::messages& all) {
  return static_cast<std::size_t>(
      std::count_if(all.all().begin(), all.all().end(), [](const auto& each) { return each.received.has_value(); }));
}

} // namespace

TEST_CASE("what a crashed run gives back was received by the run that took it after that", "[testing]") {
  const kept_run run{crashes_with_more_in_hand, 64};
  const detail::messages seen{run.seen()};
  const std::vector<event>& events = run.seen().events();
  CHECK(std::any_of(events.begin(), events.end(),
                    [](const event& each) { return each.kind == event_kind::items_put_back && each.place != 0; }));
  REQUIRE(seen.all().size() == 5);
  CHECK(taken(seen) == 5);
  for (std::size_t i = 1; i != seen.all().size(); ++i) {
    CHECK(seen.all()[i].sent.event > seen.all()[i - 1].sent.event);
    CHECK(seen.all()[i].received->event >= seen.all()[i - 1].received->event);
  }
  // The first crash gives back the four behind it, the second one the two behind that.
  CHECK(seen.all()[1].received->event > seen.all()[0].received->event);
  CHECK(seen.all()[3].received->event > seen.all()[2].received->event);
  CHECK(seen.mailbox_name(run.seen(), seen.all()[0].mailbox) ==
        "mailbox " + std::to_string(seen.all()[0].mailbox) + " of /bank");
}

TEST_CASE("an item that had to make room was received by nobody", "[testing]") {
  for (const overflow how : {overflow::drop_oldest, overflow::conflate}) {
    const kept_run run{[how]() -> task<> {
      mailbox<int> queue{capacity{1}, how};
      auto out = queue.sender();
      auto in = queue.inbox();
      co_await out.send(1);
      co_await out.send(2);
      auto item = co_await in.receive();
      CHECK(*item == 2);
    }};
    const detail::messages seen{run.seen()};
    REQUIRE(seen.all().size() == 2);
    CHECK_FALSE(seen.all()[0].received);
    CHECK(seen.all()[1].received);
  }
}

TEST_CASE("an ask is one message, from the ask to what its asker has of it, also where it waited for room",
          "[testing]") {
  const kept_run run{crashing_actors};
  const detail::messages seen{run.seen()};
  REQUIRE(seen.all().size() == 4); // two of them are asks
  const detail::message_record& ask = seen.all()[1];
  CHECK(ask.ask != 0);
  REQUIRE(ask.received);
  REQUIRE(ask.begun);
  REQUIRE(ask.answered);
  REQUIRE(ask.ended);
  CHECK(ask.sent.event < ask.received->event);
  CHECK(ask.received->event <= ask.begun->event);
  CHECK(ask.begun->event < ask.answered->event);
  CHECK(ask.answered->event < ask.ended->event);
  CHECK(ask.ended->fiber == ask.sent.fiber);
  CHECK(ask.answered->fiber == ask.begun->fiber);
}

TEST_CASE("what has left its queue out of order was received by nobody, nor what then is another in its place",
          "[testing]") {
  const kept_run run{[]() -> task<> {
                       co_await supervise({.intensity = 3}, [](supervisor& top) -> task<> {
                         const auto bank = co_await top.start_actor({.name = "bank", .capacity = 5}, account);
                         co_await in_task_group([&](task_group& group) {
                           group.start({.name = "first"}, tells_two, bank, -1);
                           group.start({.name = "asker"}, asks, bank);
                           group.start({.name = "last"}, tells_two, bank, 1);
                         });
                       });
                     },
                     64};
  const detail::messages seen{run.seen()};
  REQUIRE(seen.all().size() == 5);
  const auto ask = std::find_if(seen.all().begin(), seen.all().end(),
                                [](const detail::message_record& each) { return each.ask != 0; });
  REQUIRE(ask != seen.all().end());
  CHECK_FALSE(ask->received); // its asker was told that the actor is being started anew
  CHECK_FALSE(ask->begun);
  CHECK(ask->answered);
}

TEST_CASE("an ask that was refused has sent nothing, and what its asker sends then is another message", "[testing]") {
  const kept_run run{[]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      const auto bank = group.start_actor({.name = "bank", .capacity = 1, .on_full = overflow::reject}, account);
      co_await bank.tell<deposit>(1);
      const outcome<int> refused = co_await as_outcome(bank.ask<balance>());
      CHECK(refused.has_error());
      co_await sleep_for(std::chrono::seconds{1});
      co_await bank.tell<deposit>(2);
    });
  }};
  const detail::messages seen{run.seen()};
  REQUIRE(seen.all().size() == 3);
  CHECK(seen.all()[1].ask != 0);
  CHECK_FALSE(seen.all()[1].received);
  CHECK(seen.all()[2].ask == 0);
  CHECK(seen.all()[2].received);
}
