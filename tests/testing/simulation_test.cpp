#include <troupe/testing/simulation.hpp>

#include <tests/catch.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/endless_wait.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/fault_point.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/schedule.hpp>
#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/testing/explore.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

std::string report_of(const scenario& what) {
  try {
    explore({}, what);
  } catch (const broken& found) {
    return found.what();
  }
  return "nothing was found";
}

bool says(const std::string& report, const std::string& what) {
  INFO(report);
  return report.find(what) != std::string::npos;
}

task<> says_so_and_serves(startup up) {
  up.started();
  co_await detail::endless_wait{fiber::wait_kind::daemon, "serve"};
}
task<> serves() { co_await detail::endless_wait{fiber::wait_kind::daemon, "serve"}; }

} // namespace

TEST_CASE("what a scenario makes is gone after each run, and made anew for the next", "[testing]") {
  int alive = 0;
  int most = 0;
  int made = 0;
  struct counted {
    explicit counted(int& of) : count(of) { ++count; }
    ~counted() { --count; }
    counted(const counted&) = delete;
    int& count;
  };
  const exploration done = explore({.schedules = 20}, [&](simulation& sim) -> task<> {
    sim.make<counted>(alive);
    ++made;
    most = std::max(most, alive);
    co_await checkpoint();
  });
  CHECK(alive == 0);
  CHECK(most == 1);
  CHECK(made >= static_cast<int>(done.schedules));
}

TEST_CASE("what must always hold is looked at after each step, and what must hold at the end once it is there",
          "[testing]") {
  CHECK(says(report_of([](simulation& sim) -> task<> {
               int& value = sim.make<int>(0);
               sim.always("the value is even", [&value] { return value % 2 == 0; });
               value = 1;
               co_await yield();
               value = 2;
             }),
             "own: the value is even"));
  CHECK(says(report_of([](simulation& sim) -> task<> {
               bool& closed = sim.make<bool>(false);
               sim.at_end("it was closed", [&closed] { return closed; });
               co_await checkpoint();
             }),
             "own: it was closed"));
  CHECK(says(report_of([](simulation& sim) -> task<> {
               sim.at_end([] { return std::string("two books differ"); });
               co_await checkpoint();
             }),
             "own: two books differ"));
}

TEST_CASE("a scenario that fails without a fault is wrong, and with one it may", "[testing]") {
  CHECK(says(report_of([]() -> task<> {
               co_await checkpoint();
               throw std::runtime_error("no connection");
             }),
             "own: the scenario failed: no connection"));
  const exploration done = sweep(fault::crash, []() -> task<> {
    co_await checkpoint();
    co_await checkpoint();
  });
  CHECK(done.faults[static_cast<std::size_t>(fault::crash)] >= 2);
}

TEST_CASE("a state that is never reached fails the test", "[testing]") {
  CHECK_NOTHROW(explore({.schedules = 50}, [](simulation& sim) -> task<> {
    sim.sometimes("it is reached");
    co_await checkpoint();
  }));
  CHECK_THROWS_WITH(explore({.schedules = 50},
                            [](simulation& sim) -> task<> {
                              sim.sometimes("pigs fly", false);
                              co_await checkpoint();
                            }),
                    ContainsSubstring("never did") && ContainsSubstring("pigs fly"));
}

TEST_CASE("who waits for each other is reported, and who runs for ever", "[testing]") {
  const std::string deadlock = report_of([]() -> task<> {
    co_await in_task_group([](task_group& group) {
      const mailbox<int> box{capacity{1}};
      group.start([](receiver<int> from, sender<int>) -> task<> { static_cast<void>(co_await from.receive()); },
                  box.receiver(), box.sender());
    });
  });
  CHECK(says(deadlock, "INV-21 no_deadlock"));
  CHECK(says(deadlock, "waits to receive"));
  const std::string livelock = [] {
    try {
      explore({.schedules = 10, .steps_max = 1'000}, []() -> task<> {
        const int for_ever = 1;
        while (for_ever != 0)
          co_await yield();
      });
    } catch (const broken& found) {
      return std::string(found.what());
    }
    return std::string("nothing was found");
  }();
  CHECK(says(livelock, "INV-22 progress"));
}

TEST_CASE("a story that is too long to be read is told from its beginning and its end", "[testing]") {
  std::string report = "nothing was found";
  try {
    explore({.schedules = 1}, [](simulation& sim) -> task<> {
      co_await supervise({.intensity = 1'000, .period = 1s}, [](supervisor& top) -> task<> {
        co_await top.start({.name = "fails"}, []() -> task<> {
          co_await sleep_for(1ms);
          throw std::runtime_error("again");
        });
        co_await sleep_for(200ms);
      });
      sim.require(false, "it is over");
    });
  } catch (const broken& found) {
    report = found.what();
  }
  CHECK(says(report, "/fails #1 "));
  CHECK(!says(report, "/fails #100 "));
  CHECK(says(report, "lines more: TROUPE_TRACE has all of them"));
  CHECK(says(report, "is no child any more"));
  CHECK(std::count(report.begin(), report.end(), '\n') < 220);
}

TEST_CASE("what is not decided by the schedule is noticed", "[testing]") {
  int runs = 0;
  CHECK_THROWS_WITH(explore({},
                            [&]() -> task<> {
                              if (++runs % 2 == 0)
                                co_await sleep_for(1s);
                              co_await checkpoint();
                            }),
                    ContainsSubstring("INV-26 determinism"));
}

TEST_CASE("an armed fault strikes as often as it may, in some runs, and only what it concerns", "[testing]") {
  std::size_t most = 0;
  std::size_t others = 0;
  explore({.schedules = 2'000}, [&](simulation& sim) -> task<> {
    sim.arm(crash("worker").times(2));
    co_await supervise({.intensity = 5}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "worker"}, serves);
      co_await top.start({.name = "other"}, serves);
      co_await sleep_for(1s);
    });
    most = std::max<std::size_t>(most, sim.restarts("worker"));
    others += sim.restarts("other");
  });
  CHECK(most == 2);
  CHECK(others == 0);
}

TEST_CASE("starts and fault points fail as they are armed, by choice", "[testing]") {
  std::size_t failed_starts = 0;
  std::size_t failed_commits = 0;
  explore({.schedules = 200}, [&](simulation& sim) -> task<> {
    sim.arm(failing_start());
    sim.arm(failing_at("ledger.commit"));
    co_await supervise({}, [&](supervisor& top) -> task<> {
      const auto started = co_await as_outcome(top.start({.name = "worker"}, says_so_and_serves));
      failed_starts += started.has_error() ? 1 : 0;
      try {
        fault_point("ledger.commit");
        fault_point("ledger.other");
      } catch (const injected_fault&) {
        ++failed_commits;
      }
    });
  });
  CHECK(failed_starts > 0);
  CHECK(failed_commits > 0);
  CHECK(failed_commits < 200);
}

TEST_CASE("a fault point does nothing where nobody has planned one", "[testing]") {
  CHECK_NOTHROW(fault_point("anywhere"));
  CHECK_NOTHROW(simulate(1, []() -> task<> {
    fault_point("anywhere");
    co_await checkpoint();
  }));
}

namespace {

/// Commits three times; which of them fail.
std::string failing_commits(const armed_fault& plan, std::size_t schedules) {
  std::set<std::string> seen;
  explore({.schedules = schedules}, [&](simulation& sim) -> task<> {
    sim.arm(plan);
    std::string& which = sim.make<std::string>();
    for (int i = 0; i < 3; ++i)
      try {
        fault_point("ledger.commit");
        which += '.';
      } catch (const injected_fault&) {
        which += 'x';
      }
    seen.insert(which);
    co_return;
  });
  std::string all;
  for (const std::string& each : seen)
    all += (all.empty() ? "" : " ") + each;
  return all;
}

} // namespace

TEST_CASE("a fault is armed as planned, or left to the schedule", "[testing]") {
  CHECK(failing_commits(failing_at("ledger.commit"), 50) == "... ..x .x. x..");
  CHECK(failing_commits(failing_at("ledger.commit").always(), 50) == "xxx");
  CHECK(failing_commits(failing_at("ledger.commit").nth(2), 50) == ".x.");
  CHECK(failing_commits(failing_at("ledger.commit").recovers_after(2), 50) == "xx.");
  CHECK(failing_commits(failing_at("ledger.commit").with_probability(0.5), 200) == "... ..x .x. .xx x.. x.x xx. xxx");
}

TEST_CASE("a fiber crashes as planned, and what was drawn for it can be had again", "[testing]") {
  const auto crashes = [](simulation& sim) -> task<> {
    sim.arm(crash("worker").with_probability(0.3));
    int& runs = sim.make<int>(0);
    sim.at_end("it is not started four times", [&] { return runs < 4; });
    co_await supervise({.intensity = 100}, [&](supervisor& top) -> task<> {
      co_await top.start(
          {.name = "worker", .restart = restart_type::transient},
          [](int& count) -> task<> {
            ++count;
            for (int i = 0; i < 3; ++i)
              co_await yield();
          },
          std::ref(runs));
      co_await sleep_for(1s);
    });
  };
  std::string schedule = "none";
  try {
    explore({.schedules = 2'000, .seed = 3}, crashes);
  } catch (const broken& found) {
    schedule = found.schedule();
  }
  CHECK(schedule.rfind("seed=3,", 0) == 0);
  for (int i = 0; i < 5; ++i)
    CHECK_THROWS_AS(replay(schedule, crashes), broken);
  CHECK_THROWS_AS(replay("seed=x,race/1:", crashes), schedule_error);
}

TEST_CASE("each plan counts each opportunity, also one at which another strikes", "[testing]") {
  explore({.schedules = 20}, [](simulation& sim) -> task<> {
    sim.arm(failing_at("disk").nth(1));
    sim.arm(failing_at("disk").nth(2));
    std::string which;
    for (int i = 0; i < 4; ++i)
      try {
        fault_point("disk");
        which += '.';
      } catch (const injected_fault&) {
        which += 'x';
      }
    CHECK(which == "xx..");
    co_return;
  });
}

TEST_CASE("a child that is to crash twice does so, and no third time", "[testing]") {
  explore({.schedules = 300, .time_passes_at_any_moment = false}, [](simulation& sim) -> task<> {
    sim.arm(crash("worker").recovers_after(2));
    co_await supervise({.intensity = 9}, [](supervisor& top) -> task<> {
      co_await top.start({.name = "worker"}, []() -> task<> {
        for (int i = 0; i < 3; ++i)
          co_await yield();
        co_await detail::endless_wait{fiber::wait_kind::daemon, "serve"};
      });
      co_await sleep_for(1s);
    });
    CHECK(sim.restarts("worker") == 2);
  });
}

TEST_CASE("a start that is to fail is that of the child that is named", "[testing]") {
  std::set<std::string> failed;
  explore({.schedules = 200, .time_passes_at_any_moment = false}, [&](simulation& sim) -> task<> {
    sim.arm(failing_start("b").always());
    co_await supervise({}, [&](supervisor& top) -> task<> {
      for (const std::string name : {"a", "b"}) {
        const auto started = co_await as_outcome(top.start({.name = name}, says_so_and_serves));
        if (started.has_error())
          failed.insert(name);
      }
    });
  });
  CHECK(failed == std::set<std::string>{"b"});
}

namespace {

task<> yields_twice() {
  co_await yield();
  co_await yield();
}

} // namespace

TEST_CASE("a limit that is to pass, and a finalizer that is to hang, are those of the fiber that is named",
          "[testing]") {
  std::set<bool> in_time;
  std::set<std::string> ends;
  explore({.schedules = 300, .time_passes_at_any_moment = false}, [&](simulation& sim) -> task<> {
    sim.arm(expiring("slow"));
    sim.arm(hanging("cleans"));
    co_await in_task_group([&](task_group& group) {
      group.start({.name = "slow"}, [&]() -> task<> {
        const bool was_in_time = co_await move_on_after(1h, yields_twice());
        in_time.insert(was_in_time);
      });
      group.start({.name = "cleans"}, [&]() -> task<> {
        const auto ended = co_await as_outcome(in_exit_stack([](exit_stack& stack) -> task<> {
          stack.push(exit_options{.limit = 5s}, []() -> task<> { co_await yield(); });
          co_await yield();
        }));
        ends.insert(ended.has_error() ? "late" : "well");
      });
    });
  });
  CHECK(in_time == std::set<bool>{false, true});
  CHECK(ends == std::set<std::string>{"late", "well"});
  CHECK_THROWS_WITH(explore({.schedules = 100},
                            [](simulation& sim) -> task<> {
                              sim.arm(hanging("cleans"));
                              co_await in_task_group([](task_group& group) {
                                group.start({.name = "cleans"}, []() -> task<> { co_await yield(); });
                              });
                            }),
                    ContainsSubstring("hang of cleans"));
}

TEST_CASE("a simulation lets time pass when nobody can run, at any moment, or when it is told to", "[testing]") {
  const auto in_time = [](clock_mode clock) {
    std::set<bool> seen;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
      simulate(
          seed,
          [&]() -> task<> {
            const bool was_in_time = co_await move_on_after(5s, yields_twice());
            seen.insert(was_in_time);
          },
          clock);
    return seen;
  };
  CHECK(in_time(clock_mode::autojump) == std::set<bool>{true});
  CHECK(in_time(clock_mode::race) == std::set<bool>{false, true});
  int rang = 0;
  simulate(
      1,
      [&](simulation& sim) -> task<> {
        int& rings = sim.make<int>(0);
        co_await in_task_group([&](task_group& group) -> task<> {
          group.start([&]() -> task<> {
            for (int i = 0; i < 3; ++i) {
              co_await sleep_for(1h);
              ++rings;
            }
          });
          co_await sim.advance(30min);
          CHECK(rings == 0);
          co_await sim.advance(90min);
          CHECK(rings == 2);
          co_await sim.advance(1h);
        });
        rang = rings;
      },
      clock_mode::manual);
  CHECK(rang == 3);
}

TEST_CASE("a simulation that fails says what it was, and is had again by the environment", "[testing]") {
  const scenario fails = [](simulation& sim) -> task<> {
    std::string& order = sim.make<std::string>();
    co_await in_task_group([&](task_group& group) {
      for (const char each : {'a', 'b', 'c'})
        group.start([&order, each]() -> task<> {
          co_await yield();
          order += each;
        });
    });
    sim.require(order != "cba", "last first");
  };
  std::string report;
  std::string schedule;
  for (std::uint64_t seed = 0; seed < 200 && schedule.empty(); ++seed)
    try {
      simulate(seed, fails);
    } catch (const broken& found) {
      report = found.what();
      schedule = found.schedule();
    }
  CHECK(says(report, "found by a simulation in run 1 (seed "));
  REQUIRE(setenv("TROUPE_REPLAY", schedule.c_str(), 1) == 0);
  std::size_t failed = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    try {
      simulate(seed, fails);
    } catch (const broken& found) {
      failed += says(found.what(), "found by a replay") ? 1 : 0;
    }
  unsetenv("TROUPE_REPLAY");
  CHECK(failed == 5);
}

TEST_CASE("a report says who waited for what when it was found, what ran last, and each thing once", "[testing]") {
  const std::string report = report_of([](simulation& sim) -> task<> {
    bool& wrong = sim.make<bool>(false);
    sim.always("nothing is wrong", [&wrong] { return !wrong; });
    co_await in_task_group([&](task_group& group) -> task<> {
      const mailbox<int> box{capacity{1}};
      group.start(
          {.name = "reader"}, [](receiver<int> in) -> task<> { static_cast<void>(co_await in.receive()); },
          box.receiver());
      const sender<int> to = box.sender();
      for (int i = 0; i < 4; ++i)
        co_await yield();
      wrong = true;
      co_await yield();
      static_cast<void>(co_await to.send(1));
    });
  });
  CHECK(says(report, "Who waited for what then:"));
  CHECK(says(report, "at /reader waits to receive"));
  CHECK(says(report, "The last steps, of a run made as short as it could be:"));
  CHECK(says(report, "sends to mailbox"));
  CHECK(report.find("nothing is wrong") == report.rfind("nothing is wrong"));
}
