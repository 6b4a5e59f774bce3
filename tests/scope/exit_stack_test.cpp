#include <troupe/scope/exit_stack.hpp>

#include "desk.hpp"

#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/runtime/child_process.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <csignal>
#include <functional>
#include <memory>
#include <string>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("finalizers run last in first out, with their arguments, when the block returns a value",
          "[scope][ES-029][ES-038][ES-039]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<int> {
    CHECK(stack.empty());
    stack.push(note, std::ref(seen), "first");
    stack.push(note_later, std::ref(seen), "second");
    stack.push([&seen] { seen.push_back("third"); });
    CHECK_FALSE(stack.empty());
    note(seen, "body");
    co_return 7;
  });
  CHECK(ended.value() == 7);
  CHECK(seen == lines{"body", "third", "second", "first"});
}

TEST_CASE("an exit stack without anything on it changes nothing", "[scope][ES-036][ES-038]") {
  int target = 7;
  auto value = ended_stack([&](exit_stack&) -> task<int&> { co_return target; });
  CHECK(&value.value() == &target);
  const auto error = ended_stack([](exit_stack&) -> task<> {
    fail("the body");
    co_return;
  });
  CHECK(message_of(error.error()) == "the body");
}

TEST_CASE("resources are released and destroyed last in first out", "[scope][ES-001][ES-006][ES-026][ES-031][ES-041]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    desk& first = co_await stack.enter(acquire(seen, "first"));
    stack.push(note, std::ref(seen), "between");
    const desk& second = co_await stack.enter(acquire(seen, "second"));
    CHECK(first.name() == "first");
    CHECK(second.name() == "second");
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"acquire first", "acquire second", "release second", "destroy second", "between", "release first",
                      "destroy first"});
}

TEST_CASE("a resource without a release is destroyed in its place", "[scope][E2][ES-028]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    struct plain {
      explicit plain(lines& into) : into_(&into) {}
      plain(plain&& other) noexcept : into_(std::exchange(other.into_, nullptr)) {}
      ~plain() {
        if (into_ != nullptr)
          into_->push_back("destroyed");
      }
      lines* into_;
    };
    stack.push(note, std::ref(seen), "below");
    const auto make = [&]() -> task<plain> { co_return plain{seen}; };
    co_await stack.enter(make());
    stack.push(note, std::ref(seen), "above");
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"above", "destroyed", "below"});
}

TEST_CASE("what is undone on failure is kept when the block returns a value", "[scope][B5]") {
  lines seen;
  const auto block = [&seen](bool fails) {
    return [&seen, fails](exit_stack& stack) -> task<int> {
      co_await stack.enter_on_failure(acquire(seen, "desk"));
      stack.on_failure(note, std::ref(seen), "undo");
      stack.push(note, std::ref(seen), "always");
      if (fails)
        fail("the body");
      co_return 7;
    };
  };
  CHECK(ended_stack(block(false)).value() == 7);
  CHECK(seen == lines{"acquire desk", "always", "destroy desk"});
  seen.clear();
  CHECK(ended_stack(block(true)).has_error());
  CHECK(seen == lines{"acquire desk", "always", "undo", "release desk", "destroy desk"});
}

TEST_CASE("what is undone on failure is undone by a cancel and by a deadline too", "[scope][B5]") {
  lines seen;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto block = [&](exit_stack& stack) -> task<> {
      stack.on_failure(note, std::ref(seen), "undo");
      co_await sleep_for_ever();
    };
    const bool in_time = co_await move_on_after(1s, in_exit_stack(block));
    CHECK_FALSE(in_time);
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"undo"});
}

TEST_CASE("an acquisition that fails leaves nothing on the stack, and those before it are released",
          "[scope][E2][ES-032][ES-042]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    co_await stack.enter(acquire(seen, "first"));
    co_await stack.enter(acquire(seen, "second"));
    const auto fails = [](lines& into) -> task<desk> {
      co_await fail_later("third");
      co_return desk{into, "third"};
    };
    co_await stack.enter(fails(seen));
  });
  CHECK(message_of(ended.error()) == "third");
  CHECK(seen ==
        lines{"acquire first", "acquire second", "release second", "destroy second", "release first", "destroy first"});
}

TEST_CASE("no cancel comes between acquiring and keeping", "[scope][E1]") {
  lines seen;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto block = [&](exit_stack& stack) -> task<> {
      co_await stack.enter(acquire(seen, "desk", 3s));
      co_await checkpoint();
      seen.push_back("went on");
    };
    const bool in_time = co_await move_on_after(1s, in_exit_stack(block));
    CHECK_FALSE(in_time);
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"acquire desk", "release desk", "destroy desk"});
}

TEST_CASE("with a cancel pending nothing is acquired, and past its limit an acquisition is in doubt", "[scope][E1]") {
  lines seen;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.cancel();
      co_await in_exit_stack([&](exit_stack& stack) -> task<> { co_await stack.enter(acquire(seen, "too late")); });
    });
    const auto slow = [&](exit_stack& stack) -> task<> {
      co_await stack.enter(exit_options{.limit = 1s}, acquire(seen, "slow", 2s));
    };
    const outcome<> doubtful = co_await as_outcome(in_exit_stack(slow));
    CHECK_THROWS_AS(outcome<>{doubtful}.value(), in_doubt);
  });
  CHECK(ended.has_value());
  CHECK(seen.empty());
}

TEST_CASE("what was moved to another stack is released there, on top of what it has", "[scope][E3][ES-044]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& outer) -> task<> {
    outer.push(note, std::ref(seen), "lowest");
    co_await in_exit_stack([&](exit_stack& inner) -> task<> {
      co_await inner.enter(acquire(seen, "first"));
      co_await inner.enter(acquire(seen, "second"));
      inner.move_to(outer);
      CHECK(inner.empty());
      inner.push(note, std::ref(seen), "inner");
    });
    seen.push_back("body");
    exit_stack& same = outer;
    same.move_to(outer);
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"acquire first", "acquire second", "inner", "body", "release second", "destroy second",
                      "release first", "destroy first", "lowest"});
}

TEST_CASE("a stack can be closed before its block ends, once", "[scope][ES-043]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    stack.push(note, std::ref(seen), "lower");
    stack.on_failure(note, std::ref(seen), "undo");
    stack.push(note_later, std::ref(seen), "upper");
    co_await stack.close();
    CHECK(seen == lines{"upper", "lower"});
    stack.push(fail, "second");
    stack.push(fail, "first");
    const outcome<> failed = co_await as_outcome(stack.close());
    CHECK(message_of(failed.error()) == "first");
    CHECK(attached_to(failed.error()) == lines{"second"});
    CHECK(stack.empty());
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"upper", "lower"});
}

TEST_CASE("each finalizer has a limit of its own, and a limit of zero still begins it", "[scope][B5][E2]") {
  lines seen;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto block = [&](exit_stack& stack) -> task<> {
      for (int i = 0; i < 3; ++i)
        stack.push(exit_options{.limit = 2s}, sleep_for_ever);
      stack.push(exit_options{.limit = 0s}, [&seen]() -> task<> {
        seen.push_back("begun");
        co_await checkpoint();
        seen.push_back("went on");
      });
      co_return;
    };
    const outcome<> failed = co_await as_outcome(in_exit_stack(block));
    CHECK_THROWS_AS(outcome<>{failed}.value(), deadline_exceeded);
    CHECK(attached_errors(failed.error()).size() == 3);
    CHECK(now() == instant{6s});
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"begun"});
}

TEST_CASE("what a finalizer owns goes before the next one runs", "[scope][E2]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    const auto owned = [&seen](const char* name) {
      return std::shared_ptr<void>{nullptr, [&seen, name](void*) { seen.push_back(name); }};
    };
    const auto run = [](lines& into, const std::shared_ptr<void>&) { into.push_back("run"); };
    stack.push(run, std::ref(seen), owned("lower gone"));
    stack.push(run, std::ref(seen), owned("upper gone"));
    stack.on_failure(run, std::ref(seen), owned("not run"));
    co_return;
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"not run", "run", "upper gone", "run", "lower gone"});
}

TEST_CASE("stacks in each other to a depth of ten, and 10,000 finalizers, are unwound", "[scope][ES-021][ES-056]") {
  int entered = 0;
  int left = 0;
  const std::function<task<>(int)> nest = [&](int depth) -> task<> {
    co_await in_exit_stack([&](exit_stack& stack) -> task<> {
      ++entered;
      stack.push([&left] { ++left; });
      if (depth > 1)
        co_await nest(depth - 1);
    });
  };
  simulator simulated; // there is only one order
  CHECK(simulated.run([&] { return nest(10); }).has_value());
  CHECK(entered == 10);
  CHECK(left == 10);
  const auto push_many = [&](exit_stack& stack) -> task<> {
    for (int i = 0; i < 10'000; ++i)
      stack.push([&left, i] { left += i % 2; });
    co_return;
  };
  CHECK(simulated.run([&] { return in_exit_stack(push_many); }).has_value());
  CHECK(left == 5'010);
}

TEST_CASE("what a stack owns goes as its block ended: the destructors of a stopped one can see it", "[scope][C9]") {
  const auto owned = [](bool& stopping) {
    return std::shared_ptr<void>{nullptr, [&stopping](void*) { stopping = this_fiber::stopping(); }};
  };
  bool normally = true, stopped = false, of_undo = false;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto returns = [&](exit_stack& stack) -> task<> {
      stack.push([](const std::shared_ptr<void>&) {}, owned(normally));
      co_return;
    };
    co_await in_exit_stack(returns);
    const auto waits = [&](exit_stack& stack) -> task<> {
      stack.push([](const std::shared_ptr<void>&) {}, owned(stopped));
      stack.on_failure([](const std::shared_ptr<void>&) {}, owned(of_undo));
      co_await sleep_for_ever();
    };
    const bool in_time = co_await move_on_after(1s, in_exit_stack(waits));
    CHECK_FALSE(in_time);
  });
  CHECK(ended.has_value());
  CHECK_FALSE(normally);
  CHECK(stopped);
  CHECK(of_undo);
}

TEST_CASE("an exit stack that another fiber uses ends the program with a sentence", "[scope][E3]") {
  if (in_child_process()) {
    static_cast<void>(ended_stack([](exit_stack& stack) -> task<> {
      co_await in_task_group([&stack](task_group& group) {
        group.start([&stack]() -> task<> {
          stack.push([] {});
          co_return;
        });
      });
    }));
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == -SIGABRT);
  CHECK(child.output.find("an exit stack was used by another fiber than its block's") != std::string::npos);
}
