#include "standard_scenes.hpp"

#include <troupe/actors/actor.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

// ---- limits, asks and shields ----------------------------------------------------------------------------------------

struct commit {
  int number;
  reply<int> to;
};
struct look {
  reply<int> to;
};
using bank_message = message<commit, look>;

/// What a bank has done, by the number of the commit: three steps, of which all are done or none.
struct bank_books {
  std::map<int, int> steps;
  std::map<int, bool> failed; // in the middle
};

task<> three_steps(bank_books& books, int number) {
  for (int step = 0; step < 3; ++step) {
    ++books.steps[number];
    if (step < 2)
      co_await sleep_for(300ms);
  }
}

task<> bank(inbox<bank_message> in, bank_books& books) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](commit& asked) -> task<> {
          const int number = asked.number;
          const auto ended = co_await as_outcome(shield(10s, three_steps(books, number)));
          if (!ended.has_error())
            asked.to(number);
          else
            asked.to.fail(ended.error());
          books.failed[number] = ended.has_error();
        },
        [&](look& asked) -> task<> {
          co_await sleep_for(200ms);
          asked.to(static_cast<int>(books.steps.size()));
        });
}

/// Clients with limits, one within another, ask a bank that commits in a shield.
class limited_asks final : public scene {
public:
  task<> run() override {
    co_await in_task_group([&](task_group& group) {
      const auto at = group.start_actor({.name = "bank", .capacity = 1}, bank, std::ref(books_));
      for (int number = 1; number <= 3; ++number)
        group.start(client, at, std::ref(*this), number);
      group.start(impatient, at);
    });
  }
  findings problems() const override {
    findings all;
    for (const auto& [number, steps] : books_.steps)
      if (steps != 3 && !(books_.failed.contains(number) && books_.failed.at(number)))
        all.push_back({invariant::shield,
                       "commit " + std::to_string(number) + " was torn after " + std::to_string(steps) + " steps"});
    for (const auto& [number, answer] : answers_)
      if (const auto found = books_.steps.find(number);
          answer != number || found == books_.steps.end() || found->second != 3)
        all.push_back({invariant::one_outcome, "commit " + std::to_string(number) + " was answered, and is not done"});
    return all;
  }

private:
  static task<> client(actor_ref<bank_message> at, limited_asks& of, int number) {
    const auto inner = [](actor_ref<bank_message> to, limited_asks& books, int which) -> task<> {
      const auto answer = co_await as_outcome(fail_after(2s, to.ask<commit>(which)));
      auto copy = answer;
      if (!answer.has_error())
        books.answers_[which] = std::move(copy).value();
    };
    static_cast<void>(co_await as_outcome(fail_after(1s * number, inner(std::move(at), of, number))));
  }
  static task<> impatient(actor_ref<bank_message> at) {
    for (int i = 0; i < 3; ++i)
      static_cast<void>(co_await as_outcome(move_on_after(100ms, at.ask<look>())));
  }

  bank_books books_;
  std::map<int, int> answers_;
};

// ---- exit stacks -----------------------------------------------------------------------------------------------------

/// What is open, by fiber; and whether it is closed in the reverse order.
class openings {
public:
  void open(int fiber, int what) { stacks_[fiber].push_back(what); }
  void close(int fiber, int what) {
    std::vector<int>& stack = stacks_[fiber];
    if (stack.empty() || stack.back() != what)
      problems_.push_back(
          {invariant::cleanup, "fiber " + std::to_string(fiber) + " closes " + std::to_string(what) + " out of order"});
    else
      stack.pop_back();
  }
  findings problems() const {
    findings all = problems_;
    for (const auto& [fiber, stack] : stacks_)
      if (!stack.empty())
        all.push_back({invariant::cleanup,
                       "fiber " + std::to_string(fiber) + " has left " + std::to_string(stack.size()) + " open"});
    return all;
  }

private:
  std::map<int, std::vector<int>> stacks_;
  findings problems_;
};

/// Three fibers with three finalizers each, slow and failing ones among them; they are cancelled twice.
class exit_stacks final : public scene {
public:
  task<> run() override {
    static_cast<void>(co_await as_outcome(in_task_group([&](task_group& group) {
      for (int fiber = 1; fiber <= 3; ++fiber)
        group.start(works, std::ref(open_), fiber);
      group.start(cancels_twice, std::ref(group));
    })));
  }
  findings problems() const override { return open_.problems(); }

private:
  static task<> works(openings& open, int fiber) {
    co_await in_exit_stack([&](exit_stack& stack) -> task<> {
      for (int what = 1; what <= 3; ++what) {
        open.open(fiber, what);
        stack.push(exit_options{.limit = 1s}, closes, std::ref(open), fiber, what);
        co_await sleep_for(100ms);
      }
      co_await in_exit_stack([&](exit_stack& inner) -> task<> {
        co_await inner.enter(opened(open, fiber, 4));
        co_await inner.enter(opened(open, fiber, 5));
        inner.move_to(stack);
      });
      if (fiber == 1)
        throw std::runtime_error("it fails after it has opened all");
      co_await sleep_for(1h);
    });
  }
  struct resource {
    openings* open;
    int fiber, what;
    task<> release() {
      open->close(fiber, what);
      co_await sleep_for(10ms);
    }
  };
  static task<resource> opened(openings& open, int fiber, int what) {
    co_await sleep_for(10ms);
    open.open(fiber, what);
    co_return resource{&open, fiber, what};
  }
  static task<> closes(openings& open, int fiber, int what) {
    open.close(fiber, what); // first: what follows may be cut short
    if (what == 2)
      co_await sleep_for(200ms);
    if (what == 3 && fiber == 2)
      throw std::runtime_error("a finalizer fails");
  }
  static task<> cancels_twice(task_group& group) {
    co_await sleep_for(350ms);
    group.cancel();
    group.cancel();
    co_await sleep_for(1h);
  }

  openings open_;
};

// ---- groups ----------------------------------------------------------------------------------------------------------

/// Groups in groups, in which some fail at the same time, and some start others while they are being stopped.
class nested_groups final : public scene {
public:
  task<> run() override {
    const auto ended = co_await as_outcome(in_task_group([&](task_group& outer) {
      for (int i = 0; i < 2; ++i)
        outer.start(inner, std::ref(*this), i);
      outer.start(waits_for_its_group, std::ref(*this), std::ref(outer));
    }));
    told_ = ended.has_error() ? 1 : 0;
  }
  findings problems() const override {
    findings all;
    if (alive_ != 0)
      all.push_back({invariant::containment, std::to_string(alive_) + " fibers are left"});
    if (thrown_ != 0 && told_ == 0)
      all.push_back({invariant::errors_kept, "an error was thrown, and the group does not tell it"});
    return all;
  }

private:
  struct living {
    explicit living(nested_groups& in) : of(in) { ++of.alive_; }
    ~living() { --of.alive_; }
    living(const living&) = delete;
    nested_groups& of;
  };

  static task<> fails_after(nested_groups& of, duration wait) {
    const living alive{of};
    co_await sleep_for(wait);
    ++of.thrown_;
    throw std::runtime_error("it fails");
  }
  static task<> sleeps(nested_groups& of, duration wait) {
    const living alive{of};
    co_await sleep_for(wait);
  }
  static task<> ends_slowly(nested_groups& of, duration wait) {
    const living alive{of};
    co_await in_exit_stack([&](exit_stack& stack) -> task<> {
      stack.push([]() -> task<> { co_await sleep_for(300ms); });
      co_await sleep_for(wait);
    });
  }
  static task<> inner(nested_groups& of, int number) {
    const living alive{of};
    co_await in_task_group([&](task_group& group) {
      group.start(sleeps, std::ref(of), 2s);
      group.start(fails_after, std::ref(of), number == 0 ? duration{1s} : duration{1h});
      group.start(fails_after, std::ref(of), number == 0 ? duration{1s} : duration{1h});
      group.start(starts_others, std::ref(of), std::ref(group));
    });
  }
  static task<> starts_others(nested_groups& of, task_group& group) {
    const living alive{of};
    for (int i = 0; i < 4; ++i) {
      group.start(sleeps, std::ref(of), 100ms);
      co_await sleep_for(400ms);
    }
  }
  static task<> ends(const child<>& one) { co_await one.wait_ended(); }
  static task<> waits_for_its_group(nested_groups& of, task_group& outer) {
    const living alive{of};
    const child<> one = outer.start(ends_slowly, std::ref(of), 500ms);
    const bool ended = co_await move_on_after(200ms, ends(one)); // not yet
    if (!ended)
      co_await one.wait_ended();
    co_await shield(1s, sleeps(of, 700ms));
    outer.start(sleeps, std::ref(of), 1s);
  }

  int alive_ = 0;
  int thrown_ = 0;
  int told_ = 0;
};

// ---- limits ----------------------------------------------------------------------------------------------------------

/// Many limits at a time, some of which pass, some just when what they limit has ended.
class many_limits final : public scene {
public:
  task<> run() override {
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < 12; ++i)
        group.start(limited, std::ref(*this), 10ms * (1 + i * 7 % 12), 10ms * (1 + i * 5 % 12));
      group.start(awaited_late, std::ref(*this));
    });
  }
  findings problems() const override {
    if (discarded_ == 0)
      return {};
    return {{invariant::one_outcome, std::to_string(discarded_) + " results were there, and a limit is told instead"}};
  }

private:
  static task<> takes(duration time, bool& done) {
    co_await sleep_for(time);
    done = true; // and nothing comes after it
  }
  static task<> limited(many_limits& of, duration limit, duration time) {
    for (int i = 0; i < 3; ++i) {
      bool done = false;
      const auto ended = co_await as_outcome(fail_after(limit, takes(time, done)));
      of.discarded_ += done && ended.has_error() ? 1 : 0;
    }
  }
  static task<> awaited_late(many_limits& of) {
    bool done = false;
    task<> work = fail_after(50ms, takes(40ms, done));
    co_await sleep_for(30ms);
    const auto ended = co_await as_outcome(std::move(work));
    of.discarded_ += done && ended.has_error() ? 1 : 0;
  }

  int discarded_ = 0;
};

} // namespace

std::vector<scene_kind> scope_scenes() {
  return {
      {"many_limits", "Each limit acts at its time, and a result that is there is not discarded.",
       make_scene<many_limits>},
      {"limited_asks", "Clients with little time ask a bank: no commit is torn, and no limit is passed unnoticed.",
       make_scene<limited_asks>},
      {"exit_stacks", "What was opened is closed, last first, once, whatever fails or is cancelled how often.",
       make_scene<exit_stacks>},
      {"nested_groups", "One failure stops its group and the one around it; who starts late is stopped, too.",
       make_scene<nested_groups>},
  };
}

} // namespace troupe::tests
