#include <troupe/supervision/supervisor.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/scope/deadline.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("a supervisor without children ends with its body", "[supervision][OTP-001]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    CHECK(top.count().listed == 0);
    co_return;
  });
  CHECK(ended.has_value());
}

TEST_CASE("children are stopped in the reverse order of their start, each when those after it have ended",
          "[supervision][A9][OTP-087]") {
  std::string log;
  const instant left = left_at({}, [&](supervisor& top) -> task<> {
    for (const char* name : {"a", "b", "c"})
      co_await top.start({.name = name}, slow_to_stop, std::ref(log), std::string(name), 1s);
    CHECK(top.count().listed == 3);
    CHECK(top.count().active == 3);
    co_await sleep_for(1s);
    log += "| ";
  });
  CHECK(left == instant{4s});
  CHECK(log == "+a +b +c | -c -b -a ");
}

TEST_CASE("a child that fails is started anew, alone, with fresh copies of what it was made of",
          "[supervision][A7][OTP-030][OTP-052]") {
  std::vector<int> seen;
  const outcome<> ended = supervised_by({.intensity = 3}, [&](supervisor& top) -> task<> {
    const auto child = [&seen, runs = 0](int value) mutable -> task<> {
      ++runs;
      ++value;
      seen.push_back(10 * runs + value);
      co_await sleep_for(1s);
      throw std::runtime_error("again");
    };
    const supervised failing = co_await top.start({.name = "failing"}, child, 1);
    const supervised calm = co_await top.start({.name = "calm"}, serving);
    co_await sleep_for(3500ms);
    CHECK(failing.incarnation() == 4);
    CHECK(failing.state() == child_status::running);
    CHECK(calm.incarnation() == 1);
  });
  CHECK(ended.has_value());
  CHECK(seen == std::vector{12, 12, 12, 12});
}

TEST_CASE("one restart more than the intensity within a period stops all and is thrown, with the failures",
          "[supervision][A5][OTP-030]") {
  std::string log;
  const outcome<> ended = supervised_by({.intensity = 2, .period = 5s}, [&](supervisor& top) -> task<> {
    co_await top.start({.name = "calm"}, slow_to_stop, std::ref(log), std::string("calm"), 0s);
    co_await top.start({.name = "failing"}, failing_after, 1s);
    co_await top.run();
  });
  REQUIRE(ended.has_error());
  CHECK(message_of(ended.error()) ==
        "the supervisor / gives up: /failing has ended (failed: it fails), and that is one restart too many: "
        "its intensity is 2 within 5 s");
  try {
    std::rethrow_exception(ended.error());
  } catch (const escalated& up) {
    REQUIRE(up.failures().size() == 3);
    CHECK(up.failures()[0].incarnation == 1);
    CHECK(up.failures()[2].incarnation == 3);
    CHECK(up.failures()[2].at == instant{3s});
    CHECK(up.failures()[2].path == "/failing");
  }
  CHECK(log == "+calm -calm ");
}

TEST_CASE("restarts that are further apart than the period never are too many", "[supervision][A5][OTP-029]") {
  const outcome<> ended = supervised_by({.intensity = 1, .period = 1s}, [](supervisor& top) -> task<> {
    const supervised failing = co_await top.start({.name = "failing"}, failing_after, 2100ms);
    co_await sleep_for(100s);
    CHECK(failing.incarnation() == 48);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a failure of one stops the others, or those after it, last first, and starts them in their order",
          "[supervision][OTP-032][OTP-041]") {
  const auto log_with = [](restart_strategy strategy) {
    std::string log;
    const outcome<> ended = supervised_by({.strategy = strategy}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "a"}, slow_to_stop, std::ref(log), std::string("a"), 1s);
      co_await top.start({.name = "b"}, fails_once, std::ref(log), 1s);
      co_await top.start({.name = "c"}, slow_to_stop, std::ref(log), std::string("c"), 1s);
      co_await sleep_for(10s);
      log += "| ";
    });
    CHECK(ended.has_value());
    return log;
  };
  CHECK(log_with(restart_strategy::one_for_all) == "+a +b +c !b -c -a +a +b +c | -c -b -a ");
  CHECK(log_with(restart_strategy::rest_for_one) == "+a +b +c !b -c +b +c | -c -b -a ");
}

TEST_CASE("dynamic children are stopped all at once, each within its own grace", "[supervision][OTP-018][OTP-036]") {
  std::string log;
  const instant left = left_at({.strategy = restart_strategy::dynamic}, [&](supervisor& top) -> task<> {
    for (const duration takes : {duration{1s}, duration{2s}})
      co_await top.start({}, slow_to_stop, std::ref(log), std::string("x"), takes);
    co_await top.start({.shutdown = 3s}, in_a_shield, std::ref(log), 1h);
    co_await sleep_for(1s);
  });
  CHECK(left == instant{4s});
  CHECK(log == "+x +x -x -x in doubt ");
}

TEST_CASE("a child that does not stop within its grace is killed at exactly that: the shields in it end",
          "[supervision][A9][OTP-017][TR-028]") {
  std::string log;
  const instant left = left_at({}, [&](supervisor& top) -> task<> {
    co_await top.start({.name = "calm"}, slow_to_stop, std::ref(log), std::string("calm"), 1s);
    co_await top.start({.name = "stubborn", .shutdown = 1s}, in_a_shield, std::ref(log), 1h);
    co_await sleep_for(1s);
  });
  CHECK(left == instant{3s});
  CHECK(log == "+calm in doubt -calm ");
}

TEST_CASE("a child with a grace of zero is killed at once", "[supervision][OTP-019][OTP-020]") {
  std::string log;
  const instant left = left_at({}, [&](supervisor& top) -> task<> {
    co_await top.start({.name = "stubborn", .shutdown = 0s}, in_a_shield, std::ref(log), 1h);
    co_await sleep_for(1s);
  });
  CHECK(left == instant{1s});
  CHECK(log == "in doubt ");
}

TEST_CASE("a child that does not end though it was killed is abandoned, and ends alone", "[supervision][A10]") {
  simulator simulated{in_any_order()};
  std::string log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    executor& runs_on = this_fiber::pointer()->runs_on();
    co_await supervise({}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "calm"}, slow_to_stop, std::ref(log), std::string("calm"), 1s);
      co_await top.start({.name = "stuck", .shutdown = 2s, .abandon_after = 1s}, slow_to_stop, std::ref(log),
                         std::string("stuck"), 10s);
      co_await sleep_for(1s);
    });
    CHECK(now() == instant{5s});
    CHECK(runs_on.abandoned() == 1);
    log += "| ";
  });
  CHECK(ended.has_value());
  CHECK(log == "+calm +stuck -calm | -stuck ");
  CHECK(simulated.abandoned() == 0);
  CHECK(simulated.clock().now() == instant{11s});
}

TEST_CASE("a cancel from outside ends the body, and then the children are stopped in order", "[supervision][A9]") {
  simulator simulated{in_any_order()};
  std::string log;
  const outcome<> ended = simulated.run([&]() -> task<> {
    const bool in_time = co_await move_on_after(1s, supervise({}, [&](supervisor& top) -> task<> {
                                                  for (const char* name : {"a", "b", "c"})
                                                    co_await top.start({.name = name}, slow_to_stop, std::ref(log),
                                                                       std::string(name), 1s);
                                                  co_await top.run();
                                                }));
    CHECK_FALSE(in_time);
    CHECK(now() == instant{4s});
  });
  CHECK(ended.has_value());
  CHECK(log == "+a +b +c -c -b -a ");
}

TEST_CASE("a child has a path, that of its supervisor and its name or its number, and so has what it supervises",
          "[supervision]") {
  std::string paths;
  const outcome<> ended = supervised_by({.intensity = 0}, [&](supervisor& top) -> task<> {
    const auto tell_path = [&paths](const outcome<>& from) {
      if (from.has_error())
        paths += message_of(from.error()).substr(15, 20) + "\n";
    };
    const auto gives_up = [](supervisor& sub) -> task<> {
      co_await sub.start({}, failing_after, 0s);
      co_await sub.run();
    };
    co_await top.start({.name = "direct"}, [&]() -> task<> {
      tell_path(co_await as_outcome(supervise({.intensity = 0}, gives_up)));
      co_await serving();
    });
    co_await top.start({.name = "deeper"}, [&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start({.name = "inner"},
                    [&]() -> task<> { tell_path(co_await as_outcome(supervise({.intensity = 0}, gives_up))); });
      });
      co_await serving();
    });
    co_await sleep_for(1s);
  });
  CHECK(ended.has_value());
  const std::string direct = "/direct gives up: /d\n", deeper = "/deeper/inner gives \n";
  CHECK((paths == direct + deeper || paths == deeper + direct));
}
