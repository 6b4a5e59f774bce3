#include <troupe/scope/shield.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <stdexcept>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> failure_after(duration wait) {
  co_await sleep_for(wait);
  throw std::range_error{"its own error"};
}

/// Runs `function` as a root that is cancelled when the clock shows each of `cancels`.
template <class Function>
outcome<> cancelled_at(std::vector<instant> cancels, Function&& function) {
  simulator simulated{{.clock = clock_mode::manual}};
  const auto top = make_root(simulated, std::forward<Function>(function));
  top->start();
  for (const instant at : cancels) {
    simulated.advance(at - simulated.time().now());
    top->cancel();
  }
  simulated.advance(1h);
  REQUIRE(top->has_ended());
  return top->take();
}

template <class T>
bool is_in_doubt(const outcome<T>& ended) {
  try {
    static_cast<void>(outcome<T>{ended}.value());
  } catch (const in_doubt&) {
    return true;
  } catch (...) {
  }
  return false;
}

} // namespace

TEST_CASE("a cancel waits outside of a shield until the result has been delivered", "[scope][B4][TR-026][TR-030]") {
  int got = 0;
  bool went_on = false;
  const outcome<> ended = cancelled_at({instant{1s}}, [&]() -> task<> {
    got = co_await shield(5s, after(2s, 7));
    CHECK(now() == instant{2s});
    CHECK(this_fiber::stop_requested());
    co_await checkpoint();
    went_on = true;
  });
  CHECK(ended.cancelled());
  CHECK(got == 7);
  CHECK_FALSE(went_on);
}

TEST_CASE("a second and a third cancel of a commit phase change nothing", "[scope][B4]") {
  int got = 0;
  const outcome<> ended = cancelled_at({instant{1s}, instant{2s}, instant{3s}}, [&]() -> task<> {
    got = co_await shield(5s, after(4s, 7));
    co_await checkpoint();
    got = 0;
  });
  CHECK(ended.cancelled());
  CHECK(got == 7);
}

TEST_CASE("the error of a phase is delivered, and the cancel is taken after it", "[scope][B4]") {
  bool caught = false;
  const outcome<> ended = cancelled_at({instant{1s}}, [&]() -> task<> {
    const outcome<> phase = co_await as_outcome(shield(5s, failure_after(2s)));
    CHECK(message_of(phase.error()) == "its own error");
    caught = true;
    co_await checkpoint();
    FAIL("the cancel was forgotten");
  });
  CHECK(ended.cancelled());
  CHECK(caught);
}

TEST_CASE("a phase that does not end in its limit is stopped, and is in doubt", "[scope][B4][TR-026]") {
  census frames;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto endless = [](counted) -> task<> { co_await sleep_until(instant::max()); };
    const outcome<> phase = co_await as_outcome(shield(3s, endless(counted{frames})));
    CHECK(is_in_doubt(phase));
    CHECK(frames.alive() == 0);
    CHECK(now() == instant{3s});
    co_await checkpoint(); // nobody has cancelled us
  });
  CHECK(ended.has_value());
}

TEST_CASE("a phase is in doubt at its limit also when a cancel waits for its end", "[scope][B4]") {
  bool caught = false;
  const outcome<> ended = cancelled_at({instant{1s}}, [&]() -> task<> {
    const outcome<int> phase = co_await as_outcome(shield(3s, after(5s, 7)));
    caught = is_in_doubt(phase);
    CHECK(now() == instant{3s});
    co_await checkpoint();
    caught = false;
  });
  CHECK(ended.cancelled());
  CHECK(caught);
}

TEST_CASE("with a cancel pending a phase does not begin", "[scope][B4][TR-022]") {
  bool begun = false;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      group.cancel();
      const auto phase = [&begun]() -> task<> {
        begun = true;
        co_return;
      };
      co_await shield(1s, phase());
      FAIL("a shield was entered with a cancel pending");
    });
  });
  CHECK(ended.has_value());
  CHECK_FALSE(begun);
}

TEST_CASE("a shield with a limit of zero or less begins nothing, and nothing is in doubt", "[scope][B7]") {
  bool begun = false;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto phase = [&begun]() -> task<> {
      begun = true;
      co_return;
    };
    for (const duration limit : {duration{0s}, duration{-1s}, duration::min()}) {
      const outcome<> refused = co_await as_outcome(shield(limit, phase()));
      CHECK_THROWS_AS(outcome<>{refused}.value(), deadline_exceeded);
    }
    co_await shield(duration::max(), phase());
  });
  CHECK(ended.has_value());
  CHECK(begun);
}

TEST_CASE("what a phase cancels or limits itself is stopped", "[scope][B4][TR-026]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const auto phase = []() -> task<int> {
      const bool in_time = co_await move_on_after(1s, sleep_for_ever());
      CHECK_FALSE(in_time);
      co_await in_task_group([](task_group& inner) {
        inner.start(sleep_for_ever);
        inner.cancel();
      });
      co_return 7;
    };
    const int got = co_await shield(5s, phase());
    CHECK(got == 7);
  });
  CHECK(ended.has_value());
}

TEST_CASE("fibers that are started in a phase are shielded as well, and are stopped at its limit", "[scope][B4]") {
  int finished = 0;
  const auto two_children = [&finished](duration each) -> task<> {
    const auto child = [&finished](duration wait) -> task<> {
      co_await sleep_for(wait);
      ++finished;
    };
    co_await in_task_group([&](task_group& group) {
      group.start(child, each);
      group.start(child, each);
    });
  };
  const outcome<> in_time = cancelled_at({instant{1s}}, [&]() -> task<> { co_await shield(5s, two_children(2s)); });
  CHECK(in_time.has_value()); // there was no wait after the shield
  CHECK(finished == 2);
  const outcome<> too_late = cancelled_at({instant{1s}}, [&]() -> task<> { co_await shield(5s, two_children(6s)); });
  CHECK(is_in_doubt(too_late));
  CHECK(finished == 2);
}

TEST_CASE("a failing child of a phase stops its siblings, not the phase's owner", "[scope][B4]") {
  const outcome<> ended = cancelled_at({instant{1s}}, []() -> task<> {
    const auto phase = []() -> task<> {
      co_await in_task_group([](task_group& group) {
        group.start(failure_after, 2s);
        group.start(sleep_for_ever);
      });
    };
    const outcome<> got = co_await as_outcome(shield(5s, phase()));
    CHECK(got.has_error());
    CHECK_FALSE(is_in_doubt(got));
    CHECK(now() == instant{2s});
  });
  CHECK(ended.has_value());
}

TEST_CASE("a deadline around a shield waits for the phase, and does not discard its result", "[scope][B2][B4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const int got = co_await fail_after(1s, shield(5s, after(2s, 7)));
    CHECK(got == 7);
    const outcome<int> doubtful = co_await as_outcome(fail_after(1s, shield(2s, after(3s, 7))));
    CHECK(is_in_doubt(doubtful)); // the shield's limit passed, not the one around it
  });
  CHECK(ended.has_value());
  CHECK(simulated.time().now() == instant{4s});
}

TEST_CASE("of shields in each other the inner ends at its own limit, and both at the outer's", "[scope][B4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    const auto outer = [](duration inner_limit, duration inner_takes) -> task<int> {
      const outcome<int> inner = co_await as_outcome(shield(inner_limit, after(inner_takes, 7)));
      co_await sleep_for(1s);
      co_return is_in_doubt(inner) ? -1 : 7;
    };
    const int both = co_await shield(10s, outer(5s, 2s));
    CHECK(both == 7);
    const int inner_late = co_await shield(10s, outer(1s, 2s));
    CHECK(inner_late == -1);
    const instant began = now();
    const outcome<int> outer_late = co_await as_outcome(shield(3s, outer(10s, 8s)));
    CHECK(is_in_doubt(outer_late));
    CHECK(now() == began + 3s);
  });
  CHECK(ended.has_value());
}

TEST_CASE("a shield's limit ends the phases in the fibers below it too", "[scope][B4]") {
  bool was_in_doubt = false;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto child = [&]() -> task<> {
      const outcome<int> inner = co_await as_outcome(shield(1h, after(1h, 7)));
      was_in_doubt = is_in_doubt(inner);
    };
    const auto phase = [&]() -> task<> { co_await in_task_group([&](task_group& group) { group.start(child); }); };
    const outcome<> outer = co_await as_outcome(shield(2s, phase()));
    CHECK(now() == instant{2s});
  });
  CHECK(ended.has_value());
  CHECK(was_in_doubt);
}

TEST_CASE("a cleanup goes on when the limit of a shield around it passes, a commit phase in that does too",
          "[scope][B4]") {
  bool cleaned = false;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const auto phase = [&]() -> task<> {
      const cancel_scope cleanup{*this_fiber::pointer(), cancel_scope::shielding::cleanup};
      const int got = co_await shield(10s, after(4s, 7));
      cleaned = got == 7;
    };
    co_await shield(2s, phase());
    CHECK(now() == instant{4s});
  });
  CHECK(ended.has_value());
  CHECK(cleaned);
}

TEST_CASE("a commit scope that is entered after the limit of the shield around it is stopped at once", "[scope][B4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    cancel_scope outer{*this_fiber::pointer(), cancel_scope::shielding::commit};
    outer.cancel();
    {
      const cancel_scope phase{*this_fiber::pointer(), cancel_scope::shielding::commit};
      CHECK_FALSE(phase.stopping());
      outer.cancel_commits(); // the second cancel, but the first that reaches so far
      CHECK(phase.stopping());
    }
    {
      const cancel_scope phase{*this_fiber::pointer(), cancel_scope::shielding::commit};
      CHECK(phase.stopping());
      CHECK_FALSE(phase.outer_stopping());
      const cancel_scope cleanup{*this_fiber::pointer(), cancel_scope::shielding::cleanup};
      CHECK_FALSE(cleanup.stopping());
    }
    co_return;
  });
  CHECK(ended.has_value());
}

TEST_CASE("what stops a shield is the cancel that reaches into it, and not one before that does not", "[scope][B4]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    cancel_scope outer{*this_fiber::pointer(), cancel_scope::shielding::none};
    cancel_scope inner{*this_fiber::pointer(), cancel_scope::shielding::none};
    outer.cancel(cancel_reason::requested);
    inner.cancel_commits(cancel_reason::shutdown);
    const cancel_scope phase{*this_fiber::pointer(), cancel_scope::shielding::commit}; // entered after both
    CHECK(phase.stopping());
    CHECK(phase.cause().reason == cancel_reason::shutdown);
    const cancel_scope within{*this_fiber::pointer(), cancel_scope::shielding::none};
    CHECK(within.cause().reason == cancel_reason::shutdown);
    co_return;
  });
  CHECK(ended.has_value());
}

TEST_CASE("the deadline of a fiber is the earliest of those around it, up to the next shield", "[scope][B3][TR-073]") {
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([]() -> task<> {
    CHECK(this_fiber::deadline() == instant::max());
    const auto look = [](instant& into) -> task<> {
      into = this_fiber::deadline();
      co_return;
    };
    instant seen;
    co_await fail_after(5s, fail_after(9s, look(seen)));
    CHECK(seen == instant{5s});
    co_await fail_after(9s, fail_after(5s, look(seen)));
    CHECK(seen == instant{5s});
    co_await fail_after(5s, shield(9s, look(seen)));
    CHECK(seen == instant{9s});
    co_await shield(9s, fail_after(5s, look(seen)));
    CHECK(seen == instant{5s});
    const auto in_a_child = [&look](instant& into) -> task<> {
      co_await in_task_group([&](task_group& group) { group.start(look, std::ref(into)); });
    };
    co_await fail_after(5s, in_a_child(seen));
    CHECK(seen == instant{5s});
    CHECK(this_fiber::deadline() == instant::max());
  });
  CHECK(ended.has_value());
}
