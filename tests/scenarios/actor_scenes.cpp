#include "standard_scenes.hpp"

#include <troupe/actors/actor.hpp>
#include <troupe/actors/retry.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/endless_wait.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

// ---- asks that are passed on -----------------------------------------------------------------------------------------

struct job {
  int number;
  reply<int> to;
};
using job_message = message<job>;

/// A dispatcher passes each ask on to one of two workers, and has something else to do then, or fails with it.
class dispatcher final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(in_task_group([&](task_group& group) {
      const auto first = group.start_actor({.name = "first worker", .capacity = 1}, works, 120ms);
      const auto second = group.start_actor({.name = "second worker", .capacity = 1}, works, 60ms);
      const auto at = group.start_actor({.name = "dispatcher", .capacity = 2}, dispatches, first, second);
      for (int number = 1; number <= 5; ++number)
        group.start(client, at, std::ref(*this), number);
    })));
  }
  findings problems() const override {
    findings all;
    for (const auto& [number, answer] : answers_)
      if (answer != 10 * number)
        all.push_back({invariant::one_outcome, "ask " + std::to_string(number) + " got the answer to another one"});
    return all;
  }

private:
  static task<> works(inbox<job_message> in, duration takes) {
    while (auto next = co_await in.receive())
      co_await next->match([&](job& asked) -> task<> {
        co_await sleep_for(takes);
        asked.to(10 * asked.number);
      });
  }
  static task<> dispatches(inbox<job_message> in, actor_ref<job_message> first, actor_ref<job_message> second) {
    while (auto next = co_await in.receive())
      static_cast<void>(co_await as_outcome(next->match([&](job& asked) -> task<> {
        const int number = asked.number;
        const actor_ref<job_message>& whom = number % 2 == 0 ? first : second;
        co_await whom.tell<job>(number, std::move(asked.to));
        co_await sleep_for(20ms); // it has written it down
        if (number == 4)
          throw std::runtime_error("it cannot be written down");
      })));
  }
  static task<> client(actor_ref<job_message> at, dispatcher& of, int number) {
    auto answer = co_await as_outcome(fail_after(50ms * number, at.ask<job>(number)));
    if (!answer.has_error() && !answer.cancelled())
      of.answers_[number] = answer.value();
  }

  std::map<int, int> answers_;
};

// ---- commits that are asked for again --------------------------------------------------------------------------------

struct pay {
  int number;
  reply<bool> to;
};
using cashier_message = message<pay>;

/// Clients with little patience ask again, and each pays at most once.
class cashier final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(in_task_group([&](task_group& group) {
      const auto at = group.start_actor({.name = "cashier", .capacity = 1, .limits = {.ask = 400ms, .fate = 100ms}},
                                        cashes, std::ref(*this));
      for (int number = 1; number <= 3; ++number)
        group.start(client, at, number);
    })));
  }
  findings problems() const override {
    findings all;
    for (const auto& [number, times] : paid_)
      if (times > 1)
        all.push_back({invariant::no_duplicate,
                       "client " + std::to_string(number) + " has paid " + std::to_string(times) + " times"});
    return all;
  }

private:
  static task<> cashes(inbox<cashier_message> in, cashier& of) {
    while (auto next = co_await in.receive())
      co_await next->match([&](pay& asked) -> task<> {
        const int number = asked.number;
        co_await shield(10s, counts(of, number));
        asked.to(true);
      });
  }
  static task<> counts(cashier& of, int number) {
    ++of.paid_[number];
    co_await sleep_for(600ms);
  }
  static task<> client(actor_ref<cashier_message> at, int number) {
    const retry_policy patiently{.attempts = 4, .backoff = 50ms};
    static_cast<void>(co_await as_outcome(retry(patiently, [&] { return at.ask<pay>(number); })));
  }

  std::map<int, int> paid_;
};

// ---- actors that are watched, and stopped ----------------------------------------------------------------------------

struct word {};
using listener_message = message<word>;

/// Whoever watches an actor hears of its end, however soon that comes.
class watchers final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(supervise({.intensity = 5}, [this](supervisor& top) -> task<> {
      const auto fails = co_await top.start_actor({.name = "fails"}, fails_with_a_word);
      co_await in_task_group([&](task_group& group) {
        const auto stopped = group.start_actor({.name = "stopped"}, listens);
        const auto drained = group.start_actor({.name = "drained"}, listens);
        const auto unwanted = group.start_actor({.name = "unwanted"}, opens_slowly, std::ref(*this));
        unwanted.stop_now();
        for (const auto& each : {fails, stopped, drained})
          group.start(watches, each.monitor());
        group.start(watches_unwanted, std::ref(*this), unwanted.monitor());
        group.start(tells, fails);
        group.start(tells, drained);
        group.start(stops, top, stopped, drained);
      });
    })));
  }
  findings problems() const override { return wrong_; }

private:
  static task<> listens(inbox<listener_message> in) {
    while (auto next = co_await in.receive())
      co_await next->match([](word&) -> task<> { co_await sleep_for(10ms); });
  }
  static task<> fails_with_a_word(inbox<listener_message> in) {
    while (auto next = co_await in.receive())
      throw std::runtime_error("it does not understand");
  }
  static task<> opens_slowly(inbox<listener_message> in, watchers& of) {
    const struct closing {
      watchers& of;
      explicit closing(watchers& in) noexcept : of(in) {}
      ~closing() { of.unwanted_is_gone_ = true; }
    } at_the_end{of};
    co_await sleep_for(1s);
    of.wrong_.push_back({invariant::cancel_reaches, "an actor that was stopped before it began goes on"});
    co_await listens(std::move(in));
  }
  static task<> watches_unwanted(watchers& of, actor_monitor unwanted) {
    co_await sleep_for(1ms);
    const bool was_gone = of.unwanted_is_gone_;
    auto heard = co_await as_outcome(move_on_after(1h, next_change(unwanted)));
    if (was_gone && heard.has_value() && !heard.value())
      of.wrong_.push_back({invariant::no_stranded_wait, "the end of an actor was there, and is waited for"});
  }
  static task<> next_change(actor_monitor& of) { static_cast<void>(co_await of.next()); }
  static task<> watches(actor_monitor of) {
    for (;;) {
      const auto change = co_await of.next();
      if (change.what == actor_change::kind::down)
        co_return;
    }
  }
  static task<> tells(actor_ref<listener_message> to) {
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(co_await to.tell<word>());
      co_await sleep_for(10ms);
    }
  }
  static task<> stops(supervisor top, actor_ref<listener_message> now, actor_ref<listener_message> drained) {
    co_await sleep_for(25ms);
    drained.stop_after_drain();
    now.stop_now();
    co_await top.stop("fails");
  }

  bool unwanted_is_gone_ = false;
  findings wrong_;
};

} // namespace

std::vector<scene_kind> actor_scenes() {
  return {
      {"dispatcher", "Asks are passed on, and a revoke reaches whoever works on them.", make_scene<dispatcher>},
      {"cashier", "What may have been done is not asked for again.", make_scene<cashier>},
      {"watchers", "Whoever watches an actor hears of its end, however soon that comes.", make_scene<watchers>},
  };
}

} // namespace troupe::tests
