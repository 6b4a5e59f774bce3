#include <troupe/supervision/supervisor.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// The sentence with which a request is refused.
template <class T>
task<std::string> refusal(task<T> request) {
  const outcome<T> ended = co_await as_outcome(std::move(request));
  co_return ended.has_error() ? message_of(ended.error()) : "not refused";
}

task<> whatever_comes(task<> of) { static_cast<void>(co_await as_outcome(std::move(of))); }

} // namespace

TEST_CASE("a child can be stopped, started again, forgotten and found", "[supervision][OTP-023][OTP-092]") {
  std::string log;
  const outcome<> ended = supervised_by({}, [&](supervisor& top) -> task<> {
    const supervised child = co_await top.start({.name = "a"}, slow_to_stop, std::ref(log), std::string("a"), 1s);
    CHECK(top.find("a") == child);
    CHECK(top.children() == std::vector{child});
    co_await top.stop("a");
    CHECK(now() == instant{1s});
    CHECK(child.state() == child_status::down);
    co_await top.stop("a"); // again: nothing is left to do
    CHECK(top.count().listed == 1);
    CHECK(top.count().active == 0);
    co_await top.restart("a");
    CHECK(child.state() == child_status::running);
    CHECK(child.incarnation() == 2);
    const std::string running = co_await refusal(top.restart("a"));
    CHECK(running == "supervisor::restart: the child \"a\" is not down: stop it first");
    const std::string listed = co_await refusal(top.remove("a"));
    CHECK(listed == "supervisor::remove: the child \"a\" is not down: stop it first");
    co_await top.stop("a");
    co_await top.remove("a");
    CHECK_FALSE(top.find("a"));
    CHECK(top.count().listed == 0);
  });
  CHECK(ended.has_value());
  CHECK(log == "+a -a +a -a ");
}

TEST_CASE("a child that waits for its first start can be stopped and forgotten at once", "[supervision]") {
  std::string log;
  const auto requests = [&](supervisor& top) -> task<> {
    co_await top.start({.name = "slow"}, slow_to_stop, std::ref(log), std::string("slow"), 1s);
    co_await top.start({.name = "fails"}, fails_once, std::ref(log), 1s);
    co_await sleep_for(1500ms); // all are being stopped, to be started anew
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        const std::string late = co_await refusal(top.start({.name = "late"}, serving));
        CHECK(late.find("\"late\" did not start, but was stopped") != std::string::npos);
      });
      group.start([&]() -> task<> {
        co_await sleep_for(100ms);
        group.start(whatever_comes, top.stop("late")); // each is there for the other one, whoever is first
        group.start(whatever_comes, top.remove("late"));
      });
    });
    CHECK_FALSE(top.find("late").has_value());
  };
  const outcome<> ended = supervised_by({.strategy = restart_strategy::one_for_all, .intensity = 5}, requests);
  CHECK((ended.has_error() ? message_of(ended.error()) : "") == "");
}

TEST_CASE("what makes no sense is refused with a sentence", "[supervision][A11][OTP-015][OTP-026][OTP-027][OTP-061]") {
  const outcome<> ended = supervised_by({.children_max = 1}, [](supervisor& top) -> task<> {
    const auto refused = [&top](const child_spec& spec) {
      try {
        static_cast<void>(top.start(spec, serving));
        return std::string("not refused");
      } catch (const std::invalid_argument& why) {
        return std::string(why.what());
      }
    };
    CHECK(refused({.name = "a", .significant = true}) ==
          "supervisor::start: the child \"a\" is permanent, so it never ends by itself and cannot be significant: make "
          "it transient or temporary");
    CHECK(refused({.name = "a", .restart = restart_type::transient, .significant = true}) ==
          "supervisor::start: the child \"a\" is significant, but its supervisor has auto_shutdown::never");
    CHECK(refused({.name = "a", .shutdown = -1s}).find("negative shutdown") != std::string::npos);
    CHECK(refused({.name = "a", .start_timeout = 0s}).find("passed before it begins") != std::string::npos);
    const std::string slash = co_await refusal(top.start({.name = "a/b"}, serving));
    CHECK(slash.find("has a '/'") != std::string::npos);
    co_await top.start({.name = "a"}, serving);
    const std::string many = co_await refusal(top.start({.name = "b"}, serving));
    CHECK(many == "supervisor::start: there are 1 children, and no more are allowed");
    CHECK(top.count().listed == 1);
  });
  CHECK(ended.has_value());
  const outcome<> dynamic = supervised_by({.strategy = restart_strategy::dynamic}, [](supervisor& top) -> task<> {
    static_cast<void>(top.start({.name = "a"}, serving));
    co_return;
  });
  CHECK(message_of(dynamic.error()).find("children of a dynamic supervisor do not") != std::string::npos);
  const outcome<> counts =
      supervised_by({.strategy = restart_strategy::dynamic, .stops = auto_shutdown::any_significant},
                    [](supervisor&) -> task<> { co_return; });
  CHECK(message_of(counts.error()).find("auto_shutdown::never") != std::string::npos);
}

TEST_CASE("two children cannot have the same name, until one is forgotten", "[supervision][OTP-050]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    co_await top.start({.name = "a", .restart = restart_type::temporary}, serving);
    const std::string twice = co_await refusal(top.start({.name = "a"}, serving));
    CHECK(twice == "supervisor::start: there is a child \"a\" already");
    co_await top.stop("a");
    co_await top.start({.name = "a"}, serving);
    CHECK(top.count().listed == 1);
    const std::string none = co_await refusal([](supervisor of) -> task<> { co_await of.stop("b"); }(top));
    CHECK(none == "supervisor: there is no child \"b\"");
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that is cancelled ends as its restart type says, and one that is killed has failed",
          "[supervision][OTP-048][OTP-049][OTP-053]") {
  const outcome<> ended = supervised_by({.intensity = 10}, [](supervisor& top) -> task<> {
    std::vector<supervised> all;
    for (const restart_type type : {restart_type::permanent, restart_type::transient, restart_type::temporary})
      for (const char* how : {"cancelled ", "killed "}) {
        const std::string name = how + std::string(to_string(type));
        all.push_back(co_await top.start({.name = name, .restart = type}, serving));
      }
    for (std::size_t i = 0; i < all.size(); ++i)
      if (i % 2 == 0)
        all[i].cancel();
      else
        all[i].kill();
    co_await sleep_for(1s);
    std::string incarnations;
    for (const supervised& each : all)
      incarnations += std::to_string(each.incarnation()) + (each.state() == child_status::down ? " down " : " ");
    CHECK(incarnations == "2 2 1 down 2 1 down 1 down ");
    CHECK(top.count().listed == 4);
    CHECK(top.count().active == 3);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a start, a stop and a restart are refused once the supervisor has ended", "[supervision]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    std::vector<supervisor> kept;
    std::vector<supervised> child;
    co_await supervise({}, [&](supervisor& top) -> task<> {
      kept.push_back(top);
      child.push_back(co_await top.start({.name = "a"}, serving));
    });
    CHECK(child[0].state() == child_status::down);
    child[0].cancel();
    child[0].kill();
    const std::string late = co_await refusal(kept[0].start({.name = "b"}, serving));
    CHECK(late == "the child \"b\" was not started: its supervisor is stopping");
    CHECK_FALSE(kept[0].find("a"));
    CHECK(kept[0].children().empty());
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child that is stopped while it waits to be started anew stays down", "[supervision][OTP-073]") {
  const outcome<> ended =
      supervised_by({.intensity = 5, .backoff = {.initial = 10s, .jitter = 0}}, [](supervisor& top) -> task<> {
        const supervised child = co_await top.start({.name = "a"}, failing_after, 1s);
        co_await sleep_for(2s);
        CHECK(child.state() == child_status::backing_off);
        co_await top.stop("a");
        CHECK(now() == instant{2s});
        CHECK(child.state() == child_status::down);
        co_await sleep_for(1h);
        CHECK(child.incarnation() == 1);
      });
  CHECK(ended.has_value());
}

TEST_CASE("the wait before a restart doubles, and starts again after a run that went well", "[supervision][A5]") {
  std::vector<instant> began;
  const outcome<> ended = supervised_by(
      {.intensity = 10, .period = 1h, .backoff = {.initial = 1s, .longest = 3s, .jitter = 0, .stable_after = 1min}},
      [&](supervisor& top) -> task<> {
        const auto child = [&began]() -> task<> {
          began.push_back(now());
          const duration runs = began.size() == 5 ? duration{2min} : duration{1s};
          co_await sleep_for(runs);
          throw std::runtime_error("it fails");
        };
        co_await top.start({.name = "a"}, child);
        co_await sleep_for(139s);
      });
  CHECK(ended.has_value());
  // 1 s each, and the waits 1, 2, 3, 3; then one long run, and 1 again
  CHECK(began == std::vector<instant>{instant{0s}, instant{2s}, instant{5s}, instant{9s}, instant{13s}, instant{134s},
                                      instant{137s}});
}

TEST_CASE("a supervisor stops by itself when its significant children have ended",
          "[supervision][OTP-057][OTP-059][OTP-060]") {
  for (const auto stops : {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    std::string log;
    const outcome<> ended = supervised_by({.stops = stops}, [&](supervisor& top) -> task<> {
      const auto work = [](duration takes) -> task<> { co_await sleep_for(takes); };
      co_await top.start({.name = "a"}, slow_to_stop, std::ref(log), std::string("a"), 1s);
      const child_spec plain{.name = "plain", .restart = restart_type::temporary};
      const child_spec first{.name = "first", .restart = restart_type::temporary, .significant = true};
      const child_spec second{.name = "second", .restart = restart_type::transient, .significant = true};
      co_await top.start(plain, work, 1s);
      co_await top.start(first, work, 2s);
      co_await top.start(second, work, 3s);
      static_cast<void>(co_await as_outcome([](supervisor of, std::string& to) -> task<> {
        co_await sleep_for(2500ms);
        to += "later ";
        co_await of.run();
      }(top, log)));
    });
    CHECK(ended.has_value());
    const char* const expected = stops == auto_shutdown::any_significant ? "+a -a " : "+a later -a ";
    CHECK(log == expected);
  }
}

TEST_CASE("what stops a significant child from outside does not count", "[supervision][OTP-059][OTP-062]") {
  const outcome<> ended = supervised_by(
      {.strategy = restart_strategy::one_for_all, .intensity = 3, .stops = auto_shutdown::any_significant},
      [](supervisor& top) -> task<> {
        co_await top.start({.name = "failing"}, failing_after, 1s);
        static_cast<void>(
            co_await top.start({.name = "a", .restart = restart_type::transient, .significant = true}, serving));
        static_cast<void>(
            co_await top.start({.name = "b", .restart = restart_type::temporary, .significant = true}, serving));
        co_await sleep_for(1500ms); // a restart of all has stopped both
        CHECK(top.count().listed == 2);
        co_await top.stop("a");
        co_await sleep_for(1s);
      });
  CHECK(ended.has_value());
}

TEST_CASE("what a supervised supervisor gives up for goes on upward, with all of its causes", "[supervision][A5]") {
  simulator simulated{in_any_order()};
  int subtrees = 0;
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await supervise({.intensity = 1, .period = 1h}, [&](supervisor& top) -> task<> {
      const auto subtree = [&subtrees]() -> task<> {
        ++subtrees;
        co_await supervise({.intensity = 1, .period = 1h}, [](supervisor& sub) -> task<> {
          static_cast<void>(co_await sub.start({.name = "leaf"}, failing_after, 1s));
          co_await sub.run();
        });
      };
      co_await top.start({.name = "sub"}, subtree);
      co_await top.run();
    });
  });
  CHECK(subtrees == 2);
  REQUIRE(ended.has_error());
  CHECK(message_of(ended.error()) ==
        "the supervisor / gives up: /sub has ended (failed: the supervisor /sub gives up: /sub/leaf has ended (failed: "
        "it fails), and that is one restart too many: its intensity is 1 within 3600 s), and that is one restart too "
        "many: "
        "its intensity is 1 within 3600 s");
  CHECK(simulated.clock().now() == instant{4s});
}

TEST_CASE("a supervised supervisor has as long to stop as its children may take in all",
          "[supervision][A9][OTP-013][OTP-016]") {
  std::string log;
  const instant left = left_at({}, [&](supervisor& top) -> task<> {
    const auto subtree = [&log]() -> task<> {
      co_await supervise({}, [&log](supervisor& sub) -> task<> {
        for (const char* name : {"a", "b"})
          co_await sub.start({.name = name, .shutdown = 10s}, slow_to_stop, std::ref(log), std::string(name), 9s);
        co_await sub.run();
      });
    };
    co_await top.start({.name = "sub"}, subtree);
    co_await sleep_for(1s);
  });
  CHECK(left == instant{19s});
  CHECK(log == "+a +b -b -a ");
}

TEST_CASE("a limit from above goes before the graces below it: all of them are killed at once", "[supervision][A9]") {
  std::string log;
  const instant left = left_at({}, [&](supervisor& top) -> task<> {
    const auto subtree = [&log]() -> task<> {
      co_await supervise({}, [&log](supervisor& sub) -> task<> {
        for (const char* name : {"a", "b"})
          co_await sub.start({.name = name, .shutdown = 1h}, in_a_shield, std::ref(log), 1h);
        co_await sub.run();
      });
    };
    co_await top.start({.name = "sub", .shutdown = 2s}, subtree);
    co_await sleep_for(1s);
  });
  CHECK(left == instant{3s});
  CHECK(log == "in doubt in doubt ");
}
