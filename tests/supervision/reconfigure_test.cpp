// A supervisor and its children that are told new options while they run.

#include <troupe/supervision/supervisor.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto transient = restart_type::transient;

/// The sentence with which new options are refused.
template <class... Args>
std::string refusal(const supervisor& top, Args&&... args) {
  try {
    top.reconfigure(std::forward<Args>(args)...);
    return "not refused";
  } catch (const std::invalid_argument& why) {
    return why.what();
  }
}

task<> ending_after(duration wait) { co_await sleep_for(wait); }

task<> until(std::shared_ptr<bool> ends) {
  do
    co_await sleep_for(1ms);
  while (!*ends);
}

/// When the block is left that has two children, both significant under `before`, of which one ends at 1 s and the other
/// one at 2 s; at 500 ms its options become `after`. At 10 s it is left in any case.
instant left_with_two(auto_shutdown before, auto_shutdown after) {
  return left_at({.stops = before}, [after](supervisor& top) -> task<> {
    const child_spec spec{.restart = transient, .significant = true};
    co_await top.start(spec, ending_after, 1s);
    co_await top.start(spec, ending_after, 2s);
    co_await sleep_for(500ms);
    top.reconfigure({.stops = after});
    co_await sleep_for(9500ms);
  });
}

} // namespace

TEST_CASE("new options decide what happens after them", "[supervision][OTP-083][OTP-084]") {
  bool was_there = false;
  const outcome<> ended = supervised_by({.intensity = 0}, [&](supervisor& top) -> task<> {
    top.reconfigure({.strategy = restart_strategy::one_for_all, .intensity = 2, .period = 1min});
    CHECK(top.options().intensity == 2);
    const supervised steady = co_await top.start({.name = "steady"}, serving);
    const supervised failing = co_await top.start({.name = "failing"}, failing_after, 1s);
    co_await sleep_for(1500ms);
    CHECK(failing.incarnation() == 2);
    CHECK(steady.incarnation() == 2); // one_for_all
    top.reconfigure({.intensity = 2, .period = 1min});
    co_await sleep_for(1s);
    CHECK(failing.incarnation() == 3);
    CHECK(steady.incarnation() == 2);                  // one_for_one
    top.reconfigure({.intensity = 1, .period = 1min}); // two were counted before: the next one is too many
    was_there = true;
    co_await top.run();
  });
  CHECK(was_there);
  CHECK(message_of(ended.error()) ==
        "the supervisor / gives up: /failing has ended (failed: it fails), and that is one restart too many: "
        "its intensity is 1 within 60 s");
}

TEST_CASE("a supervisor counts as significant what its options say when a child ends",
          "[supervision][OTP-064][OTP-065][OTP-066][OTP-067][OTP-068][OTP-069]") {
  constexpr auto never = auto_shutdown::never;
  constexpr auto any = auto_shutdown::any_significant;
  constexpr auto all = auto_shutdown::all_significant;
  CHECK(left_with_two(any, any) == instant{1s});
  CHECK(left_with_two(any, all) == instant{2s});
  CHECK(left_with_two(all, any) == instant{1s});
  CHECK(left_with_two(any, never) == instant{10s});
  CHECK(left_with_two(all, never) == instant{10s});
  for (const auto_shutdown later : {any, all})
    CHECK(
        left_at({.stops = never}, [later](supervisor& top) -> task<> { // what is started afterwards may be significant
          co_await top.start({.restart = transient}, ending_after, 1s);
          top.reconfigure({.stops = later});
          co_await top.start({.restart = transient, .significant = true}, ending_after, 2s);
          co_await top.run();
        }) == instant{2s});
}

TEST_CASE("a child can become significant, and cease to be", "[supervision][OTP-070]") {
  const auto with_two = [](child_spec first, child_spec second) {
    return left_at({.stops = auto_shutdown::all_significant}, [first, second](supervisor& top) -> task<> {
      co_await top.start({.name = "a", .restart = transient, .significant = true}, ending_after, 1s);
      co_await top.start({.name = "b", .restart = transient}, ending_after, 2s);
      top.reconfigure("a", first);
      top.reconfigure("b", second);
      co_await sleep_for(10s);
    });
  };
  const child_spec significant{.restart = transient, .significant = true};
  const child_spec not_significant{.restart = transient};
  CHECK(with_two(significant, not_significant) == instant{1s});
  CHECK(with_two(significant, significant) == instant{2s});
  CHECK(with_two(not_significant, significant) == instant{2s});
  CHECK(with_two(not_significant, not_significant) == instant{10s});
  CHECK(left_at({.stops = auto_shutdown::all_significant}, [&](supervisor& top) -> task<> { // that has ended before
          co_await top.start({.name = "a", .restart = transient}, ending_after, 1s);
          co_await top.start({.name = "b", .restart = transient, .significant = true}, ending_after, 3s);
          co_await sleep_for(2s);
          top.reconfigure("a", significant);
          co_await sleep_for(10s);
        }) == instant{3s});
}

TEST_CASE("a child is treated by its new spec from then on", "[supervision][OTP-083][OTP-084]") {
  std::string log;
  const outcome<> ended = supervised_by({.intensity = 10}, [&](supervisor& top) -> task<> {
    const auto ends = std::make_shared<bool>(false);
    const supervised child = co_await top.start({.name = "a", .restart = transient}, until, ends);
    top.reconfigure("a", {.restart = restart_type::permanent});
    CHECK(child.spec().restart == restart_type::permanent);
    CHECK(child.spec().name == "a");
    *ends = true;
    co_await sleep_for(1500us);
    *ends = false;
    CHECK(child.incarnation() > 1);
    top.reconfigure("a", {.restart = restart_type::temporary});
    *ends = true;
    co_await sleep_for(2ms);
    CHECK_FALSE(top.find("a"));
    co_await top.start({.name = "b", .shutdown = 5s}, slow_to_stop, std::ref(log), std::string("b"), 2s);
    top.reconfigure("b", {.shutdown = 1s, .abandon_after = 1min});
    const instant asked = now();
    co_await top.stop("b");
    CHECK(now() - asked == 2s); // killed after one, and its finalizer goes on
  });
  CHECK(ended.has_value());
}

TEST_CASE("a stop goes by the spec that was given before it, whatever other news there is", "[supervision][OTP-083]") {
  std::string log;
  CHECK(left_at({}, [&log](supervisor& top) -> task<> {
          co_await top.start({.name = "a"}, serving);
          co_await top.start({.name = "b", .shutdown = 5s}, in_a_shield, std::ref(log), 1h);
          co_await sleep_for(1s);
          top.reconfigure("a", {.shutdown = 2s});
          top.reconfigure("b", {.shutdown = 59s, .abandon_after = 1min});
        }) == instant{1min});
}

TEST_CASE("a child that is down and becomes temporary is forgotten, and not started with others",
          "[supervision][OTP-083]") {
  const outcome<> ended = supervised_by(
      {.strategy = restart_strategy::one_for_all, .intensity = 3, .period = 10s}, [](supervisor& top) -> task<> {
        const supervised over = co_await top.start({.name = "over", .restart = transient}, ending_after, 1s);
        co_await top.start({.name = "failing"}, failing_after, 2s);
        co_await sleep_for(1500ms);
        CHECK(over.state() == child_status::down);
        top.reconfigure("over", {.restart = restart_type::temporary});
        co_await sleep_for(1ms);
        CHECK_FALSE(top.find("over"));
        co_await sleep_for(1s); // all are started anew
        CHECK(over.incarnation() == 1);
        CHECK(top.count().listed == 1);
      });
  CHECK(ended.has_value());
}

TEST_CASE("new options that make no sense are refused with a sentence, and nothing changes",
          "[supervision][OTP-028][OTP-070][OTP-083][OTP-085][OTP-086]") {
  const outcome<> ended = supervised_by({.intensity = 3}, [](supervisor& top) -> task<> {
    const supervised child = co_await top.start({.name = "a", .restart = transient}, serving);
    CHECK(refusal(top, supervisor_options{.strategy = restart_strategy::dynamic}).find("does not become dynamic") !=
          std::string::npos);
    CHECK(refusal(top, supervisor_options{.period = 0s}).find("longer than nothing") != std::string::npos);
    CHECK(refusal(top, supervisor_options{.budget = restart_budget{}}).find("stays as it is") != std::string::npos);
    CHECK(refusal(top, "a", child_spec{.restart = transient, .significant = true}) ==
          "supervisor::reconfigure: the child \"a\" is significant, but its supervisor has auto_shutdown::never");
    CHECK(refusal(top, "a", child_spec{.name = "b"}) ==
          "supervisor::reconfigure: the child \"a\" keeps its name, and was given \"b\"");
    CHECK(refusal(top, "b", child_spec{}) == "supervisor: there is no child \"b\"");
    CHECK(top.options().intensity == 3);
    CHECK(child.spec().restart == transient);
  });
  CHECK(ended.has_value());
  const outcome<> dynamic = supervised_by({.strategy = restart_strategy::dynamic}, [](supervisor& top) -> task<> {
    CHECK(refusal(top, supervisor_options{}).find("stays one") != std::string::npos);
    co_return;
  });
  CHECK(dynamic.has_value());
}
