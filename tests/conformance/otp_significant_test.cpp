// Children whose end ends their supervisor: cases of OTP's supervisor_SUITE.

#include <troupe/supervision/supervisor.hpp>

#include <tests/catch.hpp>
#include <tests/supervision/children.hpp>

#include <stdexcept>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto_shutdown modes[] = {auto_shutdown::never, auto_shutdown::any_significant,
                                   auto_shutdown::all_significant};

enum class end { is_stopped, is_killed, is_cancelled, fails, returns };
constexpr end ends[] = {end::is_stopped, end::is_killed, end::is_cancelled, end::fails, end::returns};

/// Ends after a second, where that is how it ends.
task<> ends_by_itself(end how) {
  if (how != end::fails && how != end::returns)
    co_await serving();
  co_await sleep_for(1s);
  if (how == end::fails)
    throw std::runtime_error("it fails");
}

/// Ends it after a second, where it does not end by itself; goes on until ten are over.
task<> make_end(supervisor of, supervised child, end how) {
  co_await sleep_for(1s);
  if (how == end::is_stopped)
    co_await of.stop(child);
  if (how == end::is_killed)
    child.kill();
  if (how == end::is_cancelled)
    child.cancel();
  co_await sleep_for(9s);
}

} // namespace

TEST_CASE("a significant child that is down for whatever reason holds up nothing: the last that runs ends all",
          "[conformance][OTP-059][OTP-060]") {
  enum class down { was_stopped, was_stopped_and_runs_again, was_ignored };
  for (const restart_type type : {restart_type::transient, restart_type::temporary})
    for (const down why : {down::was_stopped, down::was_stopped_and_runs_again, down::was_ignored}) {
      const bool runs_again = why == down::was_stopped_and_runs_again;
      if (type == restart_type::temporary && runs_again)
        continue; // it is forgotten
      const instant left = left_at({.stops = auto_shutdown::all_significant}, [=](supervisor& top) -> task<> {
        const child_spec a{.name = "a", .restart = type, .significant = true};
        const child_spec b{.name = "b", .restart = type, .significant = true};
        if (why == down::was_ignored)
          co_await top.start(a, [](startup) -> task<> { co_return; });
        else
          co_await top.start(a, serving);
        co_await top.start(b, []() -> task<> { co_await sleep_for(2s); });
        co_await sleep_for(1s);
        if (why != down::was_ignored)
          co_await top.stop("a");
        if (runs_again)
          co_await top.restart("a");
        co_await sleep_for(9s);
      });
      INFO(to_string(type) << ", " << static_cast<int>(why));
      CHECK(left == (runs_again ? instant{10s} : instant{2s}));
    }
}

TEST_CASE("only a significant child that ends by itself, and is not started anew, ends its supervisor",
          "[conformance][OTP-057][OTP-058][OTP-059][OTP-060]") {
  for (const auto_shutdown stops : modes)
    for (const restart_type type : {restart_type::transient, restart_type::temporary})
      for (const bool significant : {false, true})
        for (const end how : ends) {
          if (significant && stops == auto_shutdown::never)
            continue; // refused, see below
          const instant left = left_at({.intensity = 100, .stops = stops}, [=](supervisor& top) -> task<> {
            const child_spec spec{.name = "it", .restart = type, .significant = significant};
            co_await make_end(top, co_await top.start(spec, ends_by_itself, how), how);
          });
          const bool again = type == restart_type::transient && (how == end::is_killed || how == end::fails);
          INFO(static_cast<int>(stops) << ' ' << to_string(type) << ' ' << significant << ' ' << static_cast<int>(how));
          CHECK(left == (significant && how != end::is_stopped && !again ? instant{1s} : instant{10s}));
        }
}

TEST_CASE("of two significant children the first that ends is enough, or the last, however it ends",
          "[conformance][OTP-059][OTP-060]") {
  for (const restart_type type : {restart_type::transient, restart_type::temporary})
    for (const end how : ends) {
      if (type == restart_type::transient && (how == end::is_killed || how == end::fails))
        continue; // it is started anew
      const auto left_with = [=](auto_shutdown stops) {
        return left_at({.stops = stops}, [=](supervisor& top) -> task<> {
          const child_spec first{.name = "it", .restart = type, .significant = true};
          const child_spec second{.name = "other", .restart = type, .significant = true};
          const supervised it = co_await top.start(first, ends_by_itself, how);
          co_await top.start(second, []() -> task<> { co_await sleep_for(5s); });
          co_await make_end(top, it, how);
        });
      };
      INFO(to_string(type) << ' ' << static_cast<int>(how));
      CHECK(left_with(auto_shutdown::any_significant) == (how == end::is_stopped ? instant{5s} : instant{1s}));
      CHECK(left_with(auto_shutdown::all_significant) == instant{5s});
    }
}

TEST_CASE("significant children that are stopped because of a sibling end nothing, and then count as before",
          "[conformance][OTP-062]") {
  for (const restart_strategy strategy :
       {restart_strategy::one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one})
    for (const auto_shutdown stops : {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
      bool was_there = false;
      const auto body = [&](supervisor& top) -> task<> {
        const child_spec first{.name = "a", .restart = restart_type::transient, .significant = true};
        const child_spec second{.name = "b", .restart = restart_type::temporary, .significant = true};
        const supervised failing = co_await top.start({.name = "failing"}, serving);
        const supervised a = co_await top.start(first, serving);
        const supervised b = co_await top.start(second, serving);
        failing.kill();
        co_await sleep_for(1s);
        const bool alone = strategy == restart_strategy::one_for_one;
        CHECK(a.incarnation() == (alone ? 1U : 2U));
        CHECK(top.find("b").has_value() == alone);
        was_there = true;
        if (alone)
          co_await top.stop("b");
        a.cancel(); // by now the only one
        co_await sleep_for(9s);
      };
      CHECK(left_at({.strategy = strategy, .stops = stops}, body) == instant{1s});
      CHECK(was_there);
    }
}

TEST_CASE("which children may be significant: those that may end, where their supervisor counts them",
          "[conformance][OTP-027][OTP-061]") {
  for (const auto_shutdown stops : modes)
    for (const restart_type type : {restart_type::permanent, restart_type::transient, restart_type::temporary})
      for (const bool significant : {false, true}) {
        const bool allowed = !significant || (stops != auto_shutdown::never && type != restart_type::permanent);
        const outcome<> ended = supervised_by({.stops = stops}, [=](supervisor& top) -> task<> {
          co_await top.start({.name = "it", .restart = type, .significant = significant}, serving);
        });
        CHECK(ended.has_value() == allowed);
      }
  for (const auto_shutdown stops : modes) {
    const supervisor_options options{.strategy = restart_strategy::dynamic, .stops = stops};
    const outcome<> ended = supervised_by(options, [](supervisor&) -> task<> { co_return; });
    CHECK(ended.has_value() == (stops == auto_shutdown::never));
  }
}

TEST_CASE("when significant children count no more, those that run go on, and no further ones are started",
          "[conformance][OTP-065][OTP-067]") {
  for (const auto_shutdown before : {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    const instant left = left_at({.stops = before}, [](supervisor& top) -> task<> {
      const child_spec spec{.restart = restart_type::transient, .significant = true};
      const supervised it = co_await top.start(spec, ends_by_itself, end::is_cancelled);
      top.reconfigure({.stops = auto_shutdown::never});
      CHECK_THROWS_AS(static_cast<void>(top.start(spec, serving)), std::invalid_argument);
      co_await make_end(top, it, end::is_cancelled);
    });
    CHECK(left == instant{10s});
  }
}

TEST_CASE("when significant children begin to count, the last one that ends is the one that matters, or the first",
          "[conformance][OTP-064][OTP-066]") {
  for (const auto_shutdown after : {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    const instant left = left_at({}, [after](supervisor& top) -> task<> {
      top.reconfigure({.stops = after});
      const child_spec spec{.restart = restart_type::transient, .significant = true};
      co_await top.start(spec, []() -> task<> { co_await sleep_for(5s); });
      co_await make_end(top, co_await top.start(spec, ends_by_itself, end::returns), end::returns);
    });
    CHECK(left == (after == auto_shutdown::any_significant ? instant{1s} : instant{5s}));
  }
}
