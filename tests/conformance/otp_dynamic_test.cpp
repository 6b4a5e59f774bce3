// Children that are known by their handles: cases of OTP's supervisor_SUITE about simple_one_for_one.

#include <troupe/supervision/supervisor.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/supervision/children.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr restart_type types[] = {restart_type::permanent, restart_type::transient, restart_type::temporary};

/// Starts once, and fails after a second; after that it does not start until `starts_again`.
task<> starts_once(startup up, std::shared_ptr<int> runs, std::shared_ptr<bool> starts_again) {
  const bool is_first = ++*runs == 1;
  if (!is_first && !*starts_again)
    throw std::runtime_error("it does not start");
  up.started();
  if (!is_first)
    co_await serving();
  co_await sleep_for(1s);
  throw std::runtime_error("it fails");
}

supervisor_options patient(restart_strategy strategy) {
  return {.strategy = strategy, .intensity = 1'000, .backoff = {.initial = 1s, .longest = 1s, .jitter = 0}};
}

} // namespace

TEST_CASE("a dynamic child of any type is stopped by its handle for good, and one that has gone is not stopped again",
          "[conformance][OTP-024][OTP-093]") {
  for (const restart_type type : types) {
    const outcome<> ended = supervised_by({.strategy = restart_strategy::dynamic}, [type](supervisor& top) -> task<> {
      const supervised it = co_await top.start({.restart = type}, serving);
      const supervised other = co_await top.start({}, serving);
      CHECK(top.children() == std::vector{it, other});
      co_await top.stop(it);
      CHECK(it.state() == child_status::down);
      CHECK(top.children() == std::vector{other});
      co_await top.stop(it);
      co_await sleep_for(1s);
      CHECK(it.incarnation() == 1);
      CHECK(other.incarnation() == 1);
      CHECK(other.state() == child_status::running);
    });
    CHECK(ended.has_value());
  }
}

TEST_CASE("a supervisor does not stop a child of another one, and that goes on", "[conformance][OTP-014][OTP-024]") {
  const outcome<> ended = supervised_by({.strategy = restart_strategy::dynamic}, [](supervisor& top) -> task<> {
    const supervised foreign = co_await top.start({}, serving);
    co_await supervise({.strategy = restart_strategy::dynamic}, [&](supervisor& below) -> task<> {
      CHECK_THROWS_AS(static_cast<void>(below.stop(foreign)), std::invalid_argument);
      co_return;
    });
    CHECK(foreign.state() == child_status::running);
    const std::string name = foreign.name(); // its number, by which nobody is found
    CHECK_THROWS_AS(static_cast<void>(top.stop(name)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(top.restart(name)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(top.remove(name)), std::invalid_argument);
    CHECK(foreign.state() == child_status::running);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a child with a name is stopped by its handle like by its name", "[conformance][OTP-023]") {
  const outcome<> ended = supervised_by({}, [](supervisor& top) -> task<> {
    const supervised it = co_await top.start({.name = "it"}, serving);
    co_await top.stop(it);
    CHECK(it.state() == child_status::down);
    CHECK(top.find("it") == it);
    co_await top.restart("it");
    CHECK(it.incarnation() == 2);
  });
  CHECK(ended.has_value());
}

TEST_CASE("the spec of a dynamic child is read by its handle", "[conformance][OTP-014]") {
  const outcome<> ended = supervised_by({.strategy = restart_strategy::dynamic}, [](supervisor& top) -> task<> {
    const supervised it = co_await top.start({.restart = restart_type::transient, .shutdown = 3s}, serving);
    CHECK(it.spec().restart == restart_type::transient);
    CHECK(it.spec().shutdown == 3s);
    CHECK(it.spec().name.empty());
    CHECK_FALSE(it.spec().significant);
  });
  CHECK(ended.has_value());
}

TEST_CASE("in an endless restart a child is stopped, and its supervisor is, and one that starts at last counts again",
          "[conformance][OTP-073][OTP-080][OTP-082]") {
  for (const restart_strategy strategy : {restart_strategy::one_for_one, restart_strategy::dynamic})
    for (const bool starts_at_last : {false, true}) {
      const bool is_dynamic = strategy == restart_strategy::dynamic;
      const outcome<> ended = supervised_by(patient(strategy), [=](supervisor& top) -> task<> {
        const child_spec spec{.name = is_dynamic ? std::string_view() : "it"};
        const auto starts_again = std::make_shared<bool>(false);
        const supervised it = co_await top.start(spec, starts_once, std::make_shared<int>(0), starts_again);
        CHECK(top.count().active == 1);
        co_await sleep_for(10500ms);
        CHECK(it.incarnation() > 3);
        CHECK(it.state() == child_status::backing_off);
        CHECK(top.count().listed == 1);
        CHECK(top.count().active == 0);
        if (starts_at_last) {
          *starts_again = true;
          co_await sleep_for(1s);
          CHECK(it.state() == child_status::running);
          CHECK(top.count().active == 1);
        }
        const instant asked = now();
        co_await top.stop(it);
        CHECK(now() == asked);
        CHECK(it.state() == child_status::down);
        CHECK(top.count().listed == (is_dynamic ? 0U : 1U));
        const auto runs = it.incarnation();
        co_await sleep_for(10s);
        CHECK(it.incarnation() == runs);
        co_await top.start({}, starts_once, std::make_shared<int>(0), std::make_shared<bool>(false));
        co_await sleep_for(10500ms); // and now the supervisor is stopped
      });
      CHECK(ended.has_value());
    }
}

TEST_CASE("ten dynamic children with a grace of zero are all killed at once", "[conformance][OTP-020]") {
  std::string log;
  const instant left = left_at({.strategy = restart_strategy::dynamic}, [&](supervisor& top) -> task<> {
    for (int i = 0; i < 10; ++i)
      co_await top.start({.shutdown = 0s}, in_a_shield, std::ref(log), 1h);
    co_await sleep_for(1s);
  });
  CHECK(left == instant{1s});
  std::string all_ten;
  for (int i = 0; i < 10; ++i)
    all_ten += "in doubt ";
  CHECK(log == all_ten);
}

TEST_CASE("a dynamic supervisor goes by new options, and a new spec is that of the children that are started with it",
          "[conformance][OTP-085][OTP-086]") {
  const supervisor_options dynamic{.strategy = restart_strategy::dynamic, .intensity = 0};
  const outcome<> ended = supervised_by(dynamic, [&](supervisor& top) -> task<> {
    const supervised before = co_await top.start({.shutdown = 0s}, serving);
    supervisor_options changed = dynamic;
    changed.intensity = 1;
    top.reconfigure(changed);
    const supervised after = co_await top.start({.shutdown = 1s}, serving);
    CHECK(before.spec().shutdown == 0s);
    CHECK(after.spec().shutdown == 1s);
    before.kill();
    co_await sleep_for(1s);
    CHECK(before.incarnation() == 2); // none was allowed before
    changed.strategy = restart_strategy::one_for_one;
    CHECK_THROWS_AS(top.reconfigure(changed), std::invalid_argument);
    CHECK(top.children() == std::vector{before, after});
  });
  CHECK(ended.has_value());
}
