#include <troupe/scope/exit_stack.hpp>

#include <troupe/scope/attached_errors.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/runtime/child_process.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <csignal>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

/// A resource that is released by a coroutine and says when.
class desk {
public:
  desk(lines& into, std::string name) : into_(&into), name_(std::move(name)) { into_->push_back("acquire " + name_); }
  desk(desk&& other) noexcept : into_(std::exchange(other.into_, nullptr)), name_(std::move(other.name_)) {}
  desk& operator=(desk&&) = delete;
  ~desk() {
    if (into_ != nullptr)
      into_->push_back("destroy " + name_);
  }
  task<> release() {
    co_await sleep_for(1s);
    into_->push_back("release " + name_);
  }
  const std::string& name() const noexcept { return name_; }

private:
  lines* into_;
  std::string name_;
};

task<desk> acquire(lines& into, std::string name, duration takes = 0s) {
  co_await sleep_for(takes);
  co_return desk{into, std::move(name)};
}

void note(lines& into, std::string what) { into.push_back(std::move(what)); }
task<> note_later(lines& into, std::string what) {
  co_await sleep_for(1s);
  into.push_back(std::move(what));
}

[[noreturn]] void fail(const char* why) { throw std::range_error{why}; }
task<> fail_later(const char* why) {
  co_await sleep_for(1s);
  throw std::range_error{why};
}

task<> sleep_for_ever() { co_await sleep_until(instant::max()); }

instant now() { return this_fiber::pointer()->runs_on().time().now(); }

/// Runs `body` with an exit stack in a simulation.
template <class Body>
auto ended_stack(Body body) {
  simulator simulated;
  return simulated.run([&] { return in_exit_stack(body); });
}

/// What the attached errors say.
lines attached_to(const std::exception_ptr& primary) {
  lines messages;
  for (const std::exception_ptr& each : attached_errors(primary))
    messages.push_back(message_of(each));
  return messages;
}

} // namespace

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

TEST_CASE("everything runs when the body fails, and its error comes out as it was thrown",
          "[scope][ES-007][ES-023][ES-027][ES-045]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    co_await stack.enter(acquire(seen, "desk"));
    stack.push(note_later, std::ref(seen), "finalizer");
    fail("the body");
  });
  CHECK_THROWS_AS(ended.value(), std::range_error);
  CHECK(message_of(ended.error()) == "the body");
  CHECK(attached_errors(ended.error()).empty());
  CHECK(seen == lines{"acquire desk", "finalizer", "release desk", "destroy desk"});
}

TEST_CASE("a body that throws before it gives a task is unwound as well", "[scope][ES-015]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    stack.push(note, std::ref(seen), "finalizer");
    fail("no task");
  });
  CHECK(message_of(ended.error()) == "no task");
  CHECK(seen == lines{"finalizer"});
}

TEST_CASE("everything runs when the block is cancelled or runs out of time, and no cancel reaches it",
          "[scope][B5][ES-003]") {
  lines seen;
  const auto block = [&](exit_stack& stack) -> task<> {
    co_await stack.enter(acquire(seen, "desk"));
    stack.push(note_later, std::ref(seen), "finalizer");
    co_await sleep_for_ever();
  };
  const lines whole{"acquire desk", "finalizer", "release desk", "destroy desk"};

  simulator simulated;
  const outcome<> ended = simulated.run([&]() -> task<> {
    const bool in_time = co_await move_on_after(1s, in_exit_stack(block));
    CHECK_FALSE(in_time);
    CHECK(now() == instant{3s});
    CHECK(seen == whole);
    seen.clear();
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> cancelled = group.start([&] { return in_exit_stack(block); });
      co_await sleep_for(1s);
      cancelled.cancel();
      cancelled.cancel();
      co_await sleep_for(1s);
      cancelled.cancel();
      co_await cancelled.wait_ended();
      CHECK(cancelled.result().cancelled());
    });
    CHECK(seen == whole);
  });
  CHECK(ended.has_value());
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
  simulator simulated;
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

TEST_CASE("a finalizer is told how the block has ended", "[scope][ES-030][ES-040]") {
  lines seen;
  const auto tell = [](const outcome<>& ended, lines& into) {
    into.push_back(ended.has_error() ? message_of(ended.error()) : ended.cancelled() ? "cancelled" : "value");
  };
  simulator simulated;
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto block = [&](exit_stack& stack, int how) -> task<> {
      stack.push(tell, std::ref(seen));
      if (how == 1)
        fail("the body");
      if (how == 2)
        co_await sleep_for_ever();
    };
    const auto value = [&](exit_stack& stack) { return block(stack, 0); };
    const auto error = [&](exit_stack& stack) { return block(stack, 1); };
    const auto stop = [&](exit_stack& stack) { return block(stack, 2); };
    co_await in_exit_stack(value);
    const outcome<> failed = co_await as_outcome(in_exit_stack(error));
    CHECK(failed.has_error());
    const bool in_time = co_await move_on_after(1s, in_exit_stack(stop));
    CHECK_FALSE(in_time);
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"value", "the body", "cancelled"});
}

TEST_CASE("all finalizers run whatever the others do, and their errors are attached to the body's",
          "[scope][B5][E2][ES-033][ES-049][ES-051]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    stack.push(note, std::ref(seen), "lowest");
    stack.push(fail, "third");
    stack.push(exit_options{.limit = 2s}, sleep_for_ever);
    stack.push(fail_later, "first");
    fail("the body");
    co_return;
  });
  CHECK_THROWS_AS(ended.value(), std::range_error);
  CHECK(message_of(ended.error()) == "the body");
  CHECK(attached_to(ended.error()) ==
        lines{"first", "deadline exceeded: a finalizer was stopped before it had ended", "third"});
  CHECK(seen == lines{"lowest"});
}

TEST_CASE("when only finalizers fail the first error comes out, with the others attached", "[scope][ES-013][ES-016]") {
  auto ended = ended_stack([&](exit_stack& stack) -> task<int> {
    stack.push(fail, "second");
    stack.push(fail_later, "first");
    co_return 7;
  });
  CHECK(message_of(ended.error()) == "first");
  CHECK(attached_to(ended.error()) == lines{"second"});
}

TEST_CASE("a finalizer that fails while its block is cancelled is an error, and the cancel stays pending",
          "[scope][A1][B5]") {
  simulator simulated;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto block = [](exit_stack& stack) -> task<> {
        stack.push(fail_later, "cleanup");
        co_await sleep_for_ever();
      };
      bool pending = false;
      child<> cancelled = group.start([&]() -> task<> {
        const outcome<> unwound = co_await as_outcome(in_exit_stack(block));
        CHECK(message_of(unwound.error()) == "cleanup");
        pending = this_fiber::stop_requested();
      });
      co_await sleep_for(1s);
      cancelled.cancel();
      co_await cancelled.wait_ended();
      CHECK(pending);
    });
  });
  CHECK(ended.has_value());
}

TEST_CASE("a group keeps what is attached to the errors of its children", "[scope][A1][ES-034]") {
  simulator simulated;
  outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([] {
        return in_exit_stack([](exit_stack& stack) -> task<> {
          stack.push(fail, "cleanup");
          fail("the body");
          co_return;
        });
      });
    });
  });
  try {
    ended.value();
    FAIL("the group did not fail");
  } catch (const error_group& group) {
    REQUIRE(group.errors().size() == 1);
    REQUIRE(group.errors()[0].attached.size() == 1);
    CHECK(message_of(group.errors()[0].error) == "the body");
    CHECK(message_of(group.errors()[0].attached[0]) == "cleanup");
  }
}

TEST_CASE("errors keep what they have attached through stacks in each other", "[scope][ES-048][ES-053][ES-058]") {
  auto ended = ended_stack([&](exit_stack& outer) -> task<> {
    outer.push(fail, "outer cleanup");
    co_await in_exit_stack([&](exit_stack& inner) -> task<> {
      inner.push(fail, "inner cleanup");
      fail("the body");
      co_return;
    });
  });
  CHECK(message_of(ended.error()) == "the body");
  CHECK(attached_to(ended.error()) == lines{"inner cleanup", "outer cleanup"});
}

TEST_CASE("finalizers have their own limits also where the limit of a shield around their block has passed",
          "[scope][B4][B5]") {
  lines seen;
  simulator simulated;
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto block = [&](exit_stack& stack) -> task<> {
      stack.push(note_later, std::ref(seen), "first");
      stack.push([&seen]() -> task<> {
        co_await sleep_for(2s); // the shield's limit passes meanwhile
        seen.push_back("second");
      });
      co_await sleep_for(1s);
    };
    const outcome<> unwound = co_await as_outcome(shield(2s, in_exit_stack(block)));
    CHECK(unwound.has_value()); // late, but there
    CHECK(now() == instant{4s});
    const auto waits = [&](exit_stack& stack) -> task<> {
      stack.push(note_later, std::ref(seen), "third");
      co_await sleep_for_ever();
    };
    const outcome<> stopped = co_await as_outcome(shield(2s, in_exit_stack(waits)));
    CHECK_THROWS_AS(outcome<>{stopped}.value(), in_doubt);
    CHECK(now() == instant{7s});
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"second", "first", "third"});
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
  simulator simulated;
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
  simulator simulated;
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
  simulator simulated;
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
  simulator simulated;
  CHECK(simulated.run([&] { return nest(10); }).has_value());
  CHECK(entered == 10);
  CHECK(left == 10);
  const auto many = ended_stack([&](exit_stack& stack) -> task<> {
    for (int i = 0; i < 10'000; ++i)
      stack.push([&left, i] { left += i % 2; });
    co_return;
  });
  CHECK(many.has_value());
  CHECK(left == 5'010);
}

TEST_CASE("a long chain of failing finalizers keeps every error", "[scope][ES-052]") {
  auto ended = ended_stack([&](exit_stack& stack) -> task<> {
    for (int i = 0; i < 1'000; ++i)
      stack.push([i] { throw std::runtime_error{std::to_string(i)}; });
    co_return;
  });
  CHECK(message_of(ended.error()) == "999");
  const lines attached = attached_to(ended.error());
  REQUIRE(attached.size() == 999);
  CHECK(attached.front() == "998");
  CHECK(attached.back() == "0");
}

TEST_CASE("an error is swallowed by whoever awaits the block, not by a finalizer",
          "[scope][ES-009][ES-014][ES-046][ES-054][ES-055]") {
  lines seen;
  auto ended = ended_stack([&](exit_stack& outer) -> task<> {
    outer.push([&seen](const outcome<>& how) { seen.push_back(how.has_value() ? "value" : "error"); });
    const auto inner = [](exit_stack& stack) -> task<> {
      stack.push(fail, "cleanup");
      fail("the body");
      co_return;
    };
    const outcome<> swallowed = co_await as_outcome(in_exit_stack(inner));
    CHECK(message_of(swallowed.error()) == "the body");
  });
  CHECK(ended.has_value());
  CHECK(seen == lines{"value"});
}

TEST_CASE("what a stack owns goes as its block ended: the destructors of a stopped one can see it", "[scope][C9]") {
  const auto owned = [](bool& stopping) {
    return std::shared_ptr<void>{nullptr, [&stopping](void*) { stopping = this_fiber::stopping(); }};
  };
  bool normally = true, stopped = false, of_undo = false;
  simulator simulated;
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
