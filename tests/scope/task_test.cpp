#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/task.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// What destructors saw, in their order.
struct diary {
  struct entry {
    int who;
    bool stopping;
    bool operator==(const entry&) const = default;
  };
  std::vector<entry> ends;
};

class guard {
public:
  guard(diary& to, int who) noexcept : to_(&to), who_(who) {}
  guard(guard&& other) noexcept : to_(std::exchange(other.to_, nullptr)), who_(other.who_) {}
  guard& operator=(guard&&) = delete;
  ~guard() {
    if (to_ != nullptr)
      to_->ends.push_back({who_, this_fiber::stopping()});
  }

private:
  diary* to_;
  int who_;
};

std::vector<int> who(const diary& of) {
  std::vector<int> names;
  for (const diary::entry& each : of.ends)
    names.push_back(each.who);
  return names;
}
bool all(const diary& of, bool stopping) {
  for (const diary::entry& each : of.ends)
    if (each.stopping != stopping)
      return false;
  return true;
}

task<int> number(int value) { co_return value; }
task<> wait_for_ever() { co_await sleep_for(24h); }
task<> throw_error(std::string what) {
  co_await yield();
  throw std::runtime_error(what);
}
task<> mark(bool& ran) {
  ran = true;
  co_return;
}

template <class T>
constexpr bool lvalue_can_be_awaited = requires(detail::promise<void> awaiting, task<T> callee) {
  awaiting.await_transform(callee);
};
static_assert(!lvalue_can_be_awaited<int>, "a task is awaited once, so it must be moved into the await");
static_assert(!std::is_copy_constructible_v<task<>>);

} // namespace

// ---- what it gives --------------------------------------------------------------------------------------------------

TEST_CASE("a task gives its value to whoever awaits it", "[scope]") {
  simulator sim;
  const auto add = []() -> task<int> {
    const int sum = co_await number(1) + co_await number(2);
    co_return sum;
  };
  CHECK(sim.run(add).value() == 3);
}

TEST_CASE("a task can give a reference, to the very object", "[scope]") {
  struct lender {
    static task<int&> lend(int& object) {
      co_await yield();
      co_return object;
    }
    static task<const int*> address(int& object) {
      int& lent = co_await lend(object);
      lent = 7;
      co_return &lent;
    }
  };
  simulator sim;
  int object = 0;
  CHECK(sim.run(lender::address, std::ref(object)).value() == &object);
  CHECK(object == 7);
}

TEST_CASE("a task can give what can only be moved", "[scope]") {
  struct maker {
    static task<std::unique_ptr<int>> make(std::unique_ptr<int> in) {
      co_await yield();
      co_return in;
    }
    static task<std::unique_ptr<int>> pass_on() {
      std::unique_ptr<int> made = co_await make(std::make_unique<int>(5));
      co_return made;
    }
  };
  simulator sim;
  outcome<std::unique_ptr<int>> ended = sim.run(maker::pass_on);
  REQUIRE(ended.has_value());
  CHECK(*ended.value() == 5);
}

TEST_CASE("an exception comes out of the await, as it was thrown", "[scope]") {
  struct thrower {
    static task<std::string> catch_it() {
      std::string caught = "nothing";
      try {
        co_await throw_error("broken");
      } catch (const std::runtime_error& error) {
        caught = error.what();
      }
      co_await yield(); // the handler has been left, waiting is allowed again
      co_return caught;
    }
  };
  simulator sim;
  CHECK(sim.run(thrower::catch_it).value() == "broken");
  const outcome<> uncaught = sim.run(throw_error, "also broken");
  REQUIRE(uncaught.has_error());
  CHECK(message_of(uncaught.error()) == "also broken");
}

// ---- when it runs ---------------------------------------------------------------------------------------------------

TEST_CASE("a task is lazy and runs nothing before it is awaited", "[scope]") {
  struct waiter {
    static task<bool> late() {
      bool ran = false;
      task<> later = mark(ran);
      co_await yield();
      const bool ran_early = ran;
      co_await std::move(later);
      co_return ran && !ran_early;
    }
  };
  simulator sim;
  CHECK(sim.run(waiter::late).value());
}

TEST_CASE("a task destroyed unstarted runs nothing and frees what it was given", "[scope]") {
  struct holder {
    static task<> hold(guard, bool& ran) {
      ran = true;
      co_return;
    }
  };
  diary seen;
  bool ran = false;
  { [[maybe_unused]] task<> never = holder::hold(guard{seen, 1}, ran); }
  CHECK_FALSE(ran);
  CHECK(seen.ends == std::vector<diary::entry>{{1, false}});
}

TEST_CASE("a task that is moved from is not valid, and assignment destroys what was there", "[scope]") {
  struct holder {
    static task<> hold(guard) { co_return; }
  };
  diary seen;
  task<> first = holder::hold(guard{seen, 1});
  task<> second = holder::hold(guard{seen, 2});
  CHECK(first.valid());
  second = std::move(first);
  CHECK_FALSE(first.valid()); // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(second.valid());
  CHECK(who(seen) == std::vector{2});
}

// ---- as_outcome -----------------------------------------------------------------------------------------------------

TEST_CASE("as_outcome gives the value or the error instead of throwing", "[scope]") {
  struct asker {
    static task<bool> ask() {
      outcome<int> good = co_await as_outcome(number(3));
      outcome<> bad = co_await as_outcome(throw_error("broken"));
      outcome<> nothing = co_await as_outcome(sleep_once());
      co_await yield();
      co_return good.value() == 3 && message_of(bad.error()) == "broken" && nothing.has_value();
    }
    static task<> sleep_once() { co_await sleep_for(1ms); }
  };
  simulator sim;
  CHECK(sim.run(asker::ask).value());
}

TEST_CASE("as_outcome does not catch a stop", "[scope]") {
  struct asker {
    static task<> ask(bool& went_on) {
      outcome<> ended = co_await as_outcome(wait_for_ever());
      went_on = ended.cancelled() || ended.has_value();
    }
    static task<bool> limited(bool& went_on) {
      const bool ended = co_await move_on_after(1s, ask(went_on));
      co_return ended;
    }
  };
  simulator sim;
  bool went_on = false;
  CHECK_FALSE(sim.run(asker::limited, std::ref(went_on)).value());
  CHECK_FALSE(went_on);
}

// ---- destructors ----------------------------------------------------------------------------------------------------

namespace {

enum class ending { value, error, stop };

task<> nested_guards(diary& seen, int depth, ending how, guard) {
  const guard local{seen, depth};
  if (depth == 3) {
    if (how == ending::error)
      throw std::runtime_error("on purpose");
    if (how == ending::stop)
      co_await sleep_for(24h);
    co_return;
  }
  co_await nested_guards(seen, depth + 1, how, guard{seen, -(depth + 1)});
}
task<> limited_guards(diary& seen, ending how) {
  guard outermost{seen, 0};
  const outcome<bool> ended = co_await as_outcome(move_on_after(1s, nested_guards(seen, 1, how, guard{seen, -1})));
  CHECK(ended.has_error() == (how == ending::error));
  CHECK_FALSE(this_fiber::stopping());
}

// Locals by depth, the parameters of a frame after its locals, the leaf's frame first.
const std::vector<int> leaf_first{3, -3, 2, -2, 1, -1, 0};

} // namespace

TEST_CASE("a stop destroys the frames from the leaf upward, and tells their destructors", "[scope][B1]") {
  simulator sim;
  diary seen;
  REQUIRE(sim.run(limited_guards, std::ref(seen), ending::stop).has_value());
  CHECK(who(seen) == leaf_first);
  const diary::entry absorbed = seen.ends.back(); // the frame outside of the cancelled scope
  CHECK_FALSE(absorbed.stopping);
  seen.ends.pop_back();
  CHECK(all(seen, true));
  CHECK_FALSE(this_fiber::stopping());
}

TEST_CASE("no destructor takes a normal end or an error for a stop", "[scope]") {
  for (const ending how : {ending::value, ending::error}) {
    simulator sim;
    diary seen;
    REQUIRE(sim.run(limited_guards, std::ref(seen), how).has_value());
    CHECK(seen.ends.size() == leaf_first.size());
    CHECK(all(seen, false));
  }
}

TEST_CASE("a cancel of the root destroys all frames, and the outcome says why", "[scope]") {
  struct sleeper {
    static task<int> outer(diary& seen) {
      const guard local{seen, 1};
      co_await inner(seen);
      co_return 1;
    }
    static task<> inner(diary& seen) {
      const guard local{seen, 2};
      co_await sleep_for(24h);
    }
  };
  simulation_options options;
  options.cancel_at_step = 1;
  simulator sim{options};
  diary seen;
  const outcome<int> ended = sim.run(sleeper::outer, std::ref(seen));
  REQUIRE(ended.cancelled());
  CHECK(ended.cause().reason == cancel_reason::requested);
  CHECK(seen.ends == std::vector<diary::entry>{{2, true}, {1, true}});
}

// ---- nothing swallows a stop ----------------------------------------------------------------------------------------

namespace {

struct stubbornness {
  int waits_after_cancel = 0;
  int caught = 0;
  int ended = 0;
};

task<> wait_once(int kind) {
  if (kind == 0) {
    co_await yield();
  } else if (kind == 1) {
    co_await sleep_for(1ms);
  } else if (kind == 2) {
    co_await checkpoint();
  } else {
    const outcome<> ended = co_await as_outcome(wait_once(kind - 3));
    CHECK(ended.has_value());
  }
}

// The classic that makes a task immortal elsewhere: each wait in a catch-all, in a loop.
task<> stubborn(stubbornness& seen, int first_kind) {
  struct count_end {
    int& ended;
    explicit count_end(int& to) : ended(to) {}
    ~count_end() { ++ended; }
  };
  const count_end counts{seen.ended};
  for (int kind = first_kind;; kind = (kind + 1) % 6) {
    seen.waits_after_cancel += this_fiber::stop_requested() ? 1 : 0;
    try {
      co_await wait_once(kind);
    } catch (...) {
      ++seen.caught;
    }
  }
}

task<> cancelled_group(std::vector<stubbornness>& seen, int rounds) {
  co_await in_task_group([&](task_group& group) -> task<> {
    int kind = 0;
    for (stubbornness& each : seen)
      group.start(stubborn, std::ref(each), kind++);
    for (int i = 0; i < rounds; ++i)
      co_await yield();
    group.cancel();
  });
}

} // namespace

TEST_CASE("no catch-all swallows a stop, and it ends at the first wait after the cancel", "[scope][B1]") {
  for (std::size_t seed = 0; seed < tests::seeds(1'000); ++seed) {
    INFO("seed " << seed);
    simulation_options options;
    options.seed = seed;
    options.clock = clock_mode::race;
    simulator sim{options};
    std::vector<stubbornness> seen(6);
    const outcome<> ended = sim.run(cancelled_group, std::ref(seen), static_cast<int>(seed % 20));
    REQUIRE(ended.has_value()); // the group absorbs its own cancel
    for (const stubbornness& each : seen) {
      REQUIRE(each.caught == 0);
      REQUIRE(each.waits_after_cancel <= 1);
      REQUIRE(each.ended == 1);
    }
  }
}
