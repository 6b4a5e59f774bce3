// A message that a run fails with is given to the next one, where its actor says so.

#include <troupe/supervision/supervised_actor.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>

#include <troupe/actors/handle_concurrently.hpp>
#include <troupe/scope/checkpoint.hpp>

#include <map>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

struct step {
  int number = 0;
};
struct query {
  int number = 0;
  reply<int> to;
};
using steps = message<step, query>;

/// What a worker does: it fails with each message so often.
struct plan {
  std::map<int, int> failures;
  std::vector<int> begun = {}; // in order
  std::vector<int> done = {};
  std::vector<int> lost = {};
};

void handle(plan& of, int number) {
  of.begun.push_back(number);
  if (of.failures[number]-- > 0)
    throw std::runtime_error("it fails");
  of.done.push_back(number);
}

task<> worker(inbox<steps> in, plan& of) {
  while (auto message = co_await in.receive())
    co_await message->match([&of](step& told) { handle(of, told.number); },
                            [&of](query& asked) {
                              handle(of, asked.number);
                              asked.to(asked.number);
                            });
}

auto lost_to(plan& of) {
  return on_undelivered{[&of](steps&& message, drop_reason why) {
    CHECK(why == drop_reason::crashed);
    message.visit([&of](auto& kind) { of.lost.push_back(kind.number); });
  }};
}

/// Tells a worker 0 to `count`, and stops it once it is idle.
template <class Worker>
outcome<> run_through(plan& of, int count, std::uint16_t redeliveries, Worker work,
                      supervisor_options options = {.intensity = 1'000}) {
  return supervised_by(options, [&](supervisor& top) -> task<> {
    const actor_spec spec{.name = "worker", .capacity = 4, .redeliveries_max = redeliveries};
    const auto ref = co_await top.start_actor(spec, lost_to(of), work, std::ref(of));
    for (int i = 0; i < count; ++i)
      static_cast<void>(co_await ref.template tell<step>(i));
    co_await sleep_for(1h);
    const mailbox_statistics books = ref.statistics();
    CHECK(books.in_hand == 0);
    CHECK(books.settled == static_cast<std::uint64_t>(count));
  });
}

std::vector<int> up_to(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i)
    all.push_back(i);
  return all;
}

} // namespace

TEST_CASE("a message that its run fails with is given to the next one, first of all", "[supervision][A6]") {
  for (int crashed = 0; crashed < 10; ++crashed) {
    plan of{.failures = {{crashed, 2}}};
    CHECK(run_through(of, 10, 2, worker).has_value());
    CHECK(of.done == up_to(10)); // in its place
    CHECK(of.begun.size() == 12);
    CHECK(of.lost.empty());
  }
}

TEST_CASE("it is given so often, and then lost as crashed, and the next one is given as often", "[supervision][A6]") {
  plan of{.failures = {{3, 100}, {4, 3}, {5, 3}}};
  CHECK(run_through(of, 8, 3, worker).has_value());
  CHECK(of.begun == std::vector{0, 1, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 7});
  CHECK(of.done == std::vector{0, 1, 2, 4, 5, 6, 7});
  CHECK(of.lost == std::vector{3});
}

TEST_CASE("without a word a message is not given again", "[supervision][A6]") {
  plan of{.failures = {{3, 1}}};
  CHECK(run_through(of, 8, 0, worker).has_value());
  CHECK(of.done == std::vector{0, 1, 2, 4, 5, 6, 7});
  CHECK(of.lost == std::vector{3});
}

TEST_CASE("an ask is not given again: its asker has its answer", "[supervision][A6][F2]") {
  plan of{.failures = {{1, 1}}};
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    const actor_spec spec{.name = "worker", .redeliveries_max = 9};
    const auto ref = co_await top.start_actor(spec, worker, std::ref(of));
    const outcome<int> asked = co_await as_outcome(ref.ask<query>(1));
    CHECK(message_of(asked.error()) == "it fails");
    co_await sleep_for(1ms); // it is started anew: else it may hand the next one back
    const int after = co_await ref.ask<query>(2);
    CHECK(after == 2);
  });
  CHECK(ended.has_value());
  CHECK(of.begun == std::vector{1, 2});
}

TEST_CASE("an ask whose reply was moved out before its run failed is not given again either", "[supervision][A6][F2]") {
  plan of{.failures = {{1, 1}}};
  const auto keeps_replies = [](inbox<steps> in, plan& to) -> task<> {
    while (auto message = co_await in.receive())
      co_await message->match([&to](step& told) { handle(to, told.number); },
                              [&to](query& asked) {
                                auto kept = std::move(asked.to);
                                handle(to, asked.number);
                                kept(asked.number);
                              });
  };
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    const actor_spec spec{.name = "worker", .redeliveries_max = 9};
    const auto ref = co_await top.start_actor(spec, keeps_replies, std::ref(of));
    const outcome<int> asked = co_await as_outcome(ref.ask<query>(1));
    CHECK(message_of(asked.error()) == "it fails");
    co_await sleep_for(1ms); // it is started anew: else it may hand the next one back
    const int after = co_await ref.ask<query>(2);
    CHECK(after == 2);
  });
  CHECK(ended.has_value());
  CHECK(of.begun == std::vector{1, 2});
}

TEST_CASE("where the restarts have run out a message that was to be given again is lost as crashed",
          "[supervision][A6]") {
  plan of{.failures = {{1, 100}}};
  const outcome<> ended = supervised_by({.intensity = 2}, [&](supervisor& top) -> task<> {
    const actor_spec spec{.name = "worker", .redeliveries_max = 9};
    const auto lost = on_undelivered{[&of](steps&& message, drop_reason why) {
      message.visit([&](auto& kind) { of.lost.push_back(why == drop_reason::crashed ? kind.number : -kind.number); });
    }};
    const auto ref = co_await top.start_actor(spec, lost, worker, std::ref(of));
    for (int i = 0; i < 4; ++i)
      static_cast<void>(co_await ref.tell<step>(i));
    co_await top.run();
  });
  CHECK(ended.has_error());
  CHECK(of.begun == std::vector{0, 1, 1, 1});
  CHECK(of.lost == std::vector{1, -2, -3}); // the one that crashed, then what was queued
}

TEST_CASE("a message that fails elsewhere, after its actor has ended, is lost as crashed at once",
          "[supervision][A6]") {
  plan of;
  const auto fails_later = [](received<steps> taken) -> task<> {
    co_await sleep_for(1s);
    const received<steps> stays = std::move(taken);
    throw std::runtime_error("it fails");
  };
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    std::optional<actor_ref<steps>> ref;
    const outcome<> outside = co_await as_outcome(in_task_group([&](task_group& group) -> task<> {
      const auto hands_over = [&](inbox<steps> in) -> task<> {
        while (auto message = co_await in.receive())
          group.start(fails_later, std::move(message));
      };
      const actor_spec spec{.name = "worker", .redeliveries_max = 9};
      ref = co_await top.start_actor(spec, lost_to(of), hands_over);
      co_await ref->tell<step>(7);
      co_await sleep_for(1ms);
      co_await top.stop("worker");
      co_await serving();
    }));
    CHECK(outside.has_error());
    CHECK(of.lost == std::vector{7});
  });
  CHECK(ended.has_value());
}

TEST_CASE("a try_receive and a batch are given it, too", "[supervision][A6]") {
  const auto polling = [](inbox<steps> in, plan& of) -> task<> {
    for (;;) {
      while (auto message = in.try_receive())
        message->visit([&of](auto& kind) { handle(of, kind.number); });
      co_await sleep_for(10s);
    }
  };
  plan polled{.failures = {{2, 100}}};
  CHECK(run_through(polled, 4, 2, polling).has_value());
  CHECK(polled.begun == std::vector{0, 1, 2, 2, 2, 3});
  CHECK(polled.lost == std::vector{2});
  const auto in_batches = [](inbox<steps> in, plan& of) -> task<> {
    while (auto batch = co_await in.receive_up_to(10))
      while (auto message = batch.next())
        message->visit([&of](auto& kind) { handle(of, kind.number); });
  };
  plan taken{.failures = {{0, 100}}};
  CHECK(run_through(taken, 1, 2, in_batches).has_value());
  CHECK(taken.begun == std::vector{0, 0, 0});
  CHECK(taken.lost == std::vector{0});
  // The first run takes them one by one, the next ones as a batch; what fails in a batch is not given again.
  const auto mixed = [](inbox<steps> in, plan& of) -> task<> {
    if (of.begun.empty()) {
      auto one = co_await in.receive();
      one->visit([&of](auto& kind) { handle(of, kind.number); });
    }
    for (;;) {
      auto batch = co_await in.receive_up_to(10);
      if (!batch)
        co_return;
      for (steps& each : batch)
        each.visit([&of](auto& kind) { handle(of, kind.number); });
    }
  };
  plan batched{.failures = {{0, 2}}};
  CHECK(run_through(batched, 1, 9, mixed).has_value());
  CHECK(batched.begun == std::vector{0, 0});
  CHECK(batched.lost == std::vector{0});
}

TEST_CASE("of several that are handled at once the first to fail is given again", "[supervision][A6]") {
  over_seeds(100, [](simulation_options options) {
    plan of{.failures = {{1, 2}}};
    simulator simulated{options};
    const outcome<> ended = simulated.run([&]() -> task<> {
      co_await supervise({.intensity = 100}, [&](supervisor& top) -> task<> {
        const auto at_once = [](inbox<steps> in, plan& to) -> task<> {
          co_await handle_concurrently(in, 3, [&to](steps& message) -> task<> {
            co_await yield();
            message.visit([&to](auto& kind) { handle(to, kind.number); });
          });
        };
        const actor_spec spec{.name = "worker", .redeliveries_max = 2};
        const auto lost = on_undelivered{[&of](steps&& message, drop_reason) {
          message.visit([&of](auto& kind) { of.lost.push_back(kind.number); });
        }};
        const auto ref = co_await top.start_actor(spec, lost, at_once, std::ref(of));
        for (int i = 0; i < 5; ++i)
          static_cast<void>(co_await ref.tell<step>(i));
        while (ref.statistics().settled != 5)
          co_await sleep_for(1ms);
      });
    });
    CHECK(ended.has_value());
    CHECK(std::count(of.done.begin(), of.done.end(), 1) == 1);
    CHECK(of.done.size() + of.lost.size() == 5); // the others that were in hand were stopped
  });
}
