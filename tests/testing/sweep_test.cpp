// What each kind of fault does to a tree.

#include <troupe/testing/explore.hpp>

#include <tests/catch.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/fault_point.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

std::uint64_t runs_with(const exploration& done, fault what) { return done.faults[static_cast<std::size_t>(what)]; }

task<> sleeps_twice();
task<> says_so_and_sleeps(startup up) {
  up.started();
  co_await sleeps_twice();
}
task<> sleeps_twice() {
  co_await sleep_for(1s);
  co_await sleep_for(1s);
}

} // namespace

TEST_CASE("a sweep of crashes lets each wait fail once", "[testing]") {
  std::set<std::string> ends;
  const exploration done = sweep(fault::crash, [&]() -> task<> {
    const auto ended = co_await as_outcome(in_task_group([](task_group& group) { group.start(sleeps_twice); }));
    ends.insert(ended.has_error() ? message_of(ended.error()) : "well");
  });
  CHECK(runs_with(done, fault::crash) >= 4);
  CHECK(ends.contains("well"));
  CHECK(ends.contains("1 failure in a task group; child 0: a fault that a test has injected at a wait of /0"));
}

TEST_CASE("a sweep of cancels stops each fiber, or all, at each of its steps", "[testing]") {
  std::size_t stopped = 0;
  std::size_t went_on = 0;
  const scenario one_child = [&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        const struct counts {
          std::size_t& of;
          ~counts() { of += this_fiber::stopping() ? 1 : 0; }
        } counting{stopped};
        co_await sleeps_twice();
      });
    });
    ++went_on;
  };
  const exploration single = sweep(fault::cancel, one_child);
  CHECK(stopped == runs_with(single, fault::cancel));
  CHECK(went_on == single.schedules + 1); // the group absorbs it; one run was done twice
  went_on = 0;
  const exploration all = sweep(fault::cancel_all, one_child);
  CHECK(runs_with(all, fault::cancel_all) > runs_with(single, fault::cancel));
  CHECK(went_on < all.schedules);
}

TEST_CASE("a sweep of overflows lets a mailbox that refuses do so", "[testing]") {
  std::set<std::size_t> accepted;
  const exploration done = sweep(fault::overflow, [&]() -> task<> {
    const mailbox<int> box{capacity{10}, overflow::reject};
    const sender<int> to = box.sender();
    std::size_t count = 0;
    for (int i = 0; i < 3; ++i)
      if (const send_status sent = co_await to.send(i); sent == send_status::accepted)
        ++count;
    accepted.insert(count);
  });
  CHECK(runs_with(done, fault::overflow) == 3);
  CHECK(accepted == std::set<std::size_t>{2, 3});
}

TEST_CASE("a sweep of deadlines lets a limit pass while there is still something to do", "[testing]") {
  std::set<bool> in_time;
  const exploration done =
      sweep(fault::deadline, [&]() -> task<> { in_time.insert(co_await move_on_after(1h, sleeps_twice())); });
  CHECK(runs_with(done, fault::deadline) >= 2);
  CHECK(in_time == std::set<bool>{false, true});
}

TEST_CASE("a sweep of hangs cuts each finalizer short at its limit", "[testing]") {
  std::set<std::string> ends;
  const exploration done = sweep(fault::hang, [&]() -> task<> {
    const auto ended = co_await as_outcome(in_exit_stack([](exit_stack& stack) -> task<> {
      stack.push(exit_options{.limit = 5s}, sleeps_twice);
      co_await sleep_for(1s);
    }));
    ends.insert(ended.has_error() ? message_of(ended.error()) : "well");
  });
  CHECK(runs_with(done, fault::hang) >= 1);
  CHECK(ends == std::set<std::string>{"deadline exceeded: a finalizer was stopped before it had ended", "well"});
}

TEST_CASE("a sweep of failing starts fails each start of a supervised child once", "[testing]") {
  std::set<std::size_t> failed;
  const exploration done = sweep(fault::failing_start, [&]() -> task<> {
    co_await supervise({}, [&](supervisor& top) -> task<> {
      for (std::size_t i = 1; i <= 3; ++i) {
        const std::string name = "c" + std::to_string(i);
        const auto started = co_await as_outcome(top.start({.name = name}, says_so_and_sleeps));
        if (started.has_error())
          failed.insert(i);
      }
    });
  });
  CHECK(runs_with(done, fault::failing_start) == 3);
  CHECK(failed == std::set<std::size_t>{1, 2, 3});
}

TEST_CASE("a sweep of fault points lets each place in the program fail", "[testing]") {
  std::set<std::string> failed;
  const exploration done = sweep(fault::fault_point, [&]() -> task<> {
    for (const char* const name : {"read", "write"})
      try {
        fault_point(name);
      } catch (const injected_fault& at) {
        failed.insert(at.what());
      }
    co_await sleep_for(1s);
  });
  CHECK(runs_with(done, fault::fault_point) == 2);
  CHECK(failed ==
        std::set<std::string>{"a fault that a test has injected at read", "a fault that a test has injected at write"});
}

TEST_CASE("a sweep of everything, in several orders, ends and says what it did", "[testing]") {
  const exploration done = sweep(all_faults, sleeps_twice, 3);
  CHECK(done.text().find("crash at ") != std::string::npos);
  CHECK(done.schedules > 20);
}

TEST_CASE("a sweep of a fault for which there is no opportunity fails, and one of all faults says which had none",
          "[testing]") {
  CHECK_THROWS_WITH(sweep(fault::overflow, sleeps_twice),
                    ContainsSubstring("overflow") && ContainsSubstring("never struck"));
  CHECK_THROWS_AS(sweep({fault::crash, fault::reset}, sleeps_twice), broken);
  const exploration done = sweep(all_faults, sleeps_twice);
  CHECK(std::count(done.never_struck.begin(), done.never_struck.end(), "overflow") == 1);
  CHECK(std::count(done.never_struck.begin(), done.never_struck.end(), "crash") == 0);
}

TEST_CASE("a hang counts where something hangs: a scenario that cleans nothing up has no opportunity for it",
          "[testing]") {
  CHECK_THROWS_WITH(sweep(fault::hang, sleeps_twice), ContainsSubstring("hang"));
  const exploration done = sweep(fault::hang, []() -> task<> {
    static_cast<void>(co_await as_outcome(in_exit_stack([](exit_stack& stack) -> task<> {
      stack.push(exit_options{.limit = 5s}, []() -> task<> { co_await sleep_for(1s); });
      co_await sleep_for(1s);
    })));
    co_await sleeps_twice(); // a fiber that is to hang cleans nothing up any more
  });
  CHECK(runs_with(done, fault::hang) > 0);
  CHECK(runs_with(done, fault::hang) + 2 < done.schedules);
}

TEST_CASE("a sweep that takes more runs than it may fails, and says how far it came", "[testing]") {
  const scenario long_one = []() -> task<> {
    for (int i = 0; i < 100; ++i)
      co_await yield();
  };
  CHECK_THROWS_WITH(sweep(fault::cancel_all, long_one, 1, 20),
                    ContainsSubstring("more than 20 schedules") && ContainsSubstring("cancel_all@19"));
  CHECK(sweep(fault::cancel_all, long_one, 1, 200).schedules < 200);
}
