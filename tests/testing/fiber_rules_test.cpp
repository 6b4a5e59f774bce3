#include <troupe/testing/fiber_rules.hpp>

#include "told.hpp"

#include <tests/catch.hpp>

#include <troupe/scope/fiber.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using enum event_kind;
using detail::fiber_rules;

constexpr auto plain = static_cast<std::uint32_t>(fiber::wait_kind::plain);
constexpr auto shielded = static_cast<std::uint32_t>(fiber::wait_kind::shielded);
constexpr auto deadline_passed = static_cast<std::uint64_t>(cancel_reason::deadline);

// Fiber 1 is the root; 2 and 3 are started in its group, which is its scope 1.
constexpr told root_starts{fiber_started, 1, 0, 0};
constexpr told root_ends{fiber_ended, 1, 1, 0};
constexpr told enters_group{scope_entered, scope_of_group, 1, 0, 1};
constexpr told group_ends{group_ended, 0, 1, 0, 1};
constexpr told leaves_group{scope_left, 0, 1, 0, 1};
constexpr told child_starts{fiber_started, 2, 1, 1, 1};
constexpr told child_ends{fiber_ended, 2, 2, 0};
constexpr told child_fails{fiber_ended, 2, 2, 1};
constexpr told group_is_cancelled{cancel_requested, 1, 0, 0, 1};

} // namespace

TEST_CASE("a child that ends before its owner leaves its group is as it must be", "[testing]") {
  CHECK(judged<fiber_rules>(
            {root_starts, enters_group, child_starts, child_ends, group_ends, leaves_group, root_ends}) == "");
}

TEST_CASE("a child that outlives its group, or its owner, is seen", "[testing]") {
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, group_ends, leaves_group, child_ends,
                             root_ends}) == "INV-7 INV-7 INV-7");
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, child_ends, root_ends}) == "INV-7");
  CHECK(judged<fiber_rules>({root_starts, child_starts, child_ends, root_ends}) == "INV-7 INV-7");
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, child_ends, group_ends, leaves_group}) ==
        "INV-23");
  CHECK(judged<fiber_rules>({root_starts, root_ends, root_ends}) == "INV-23");
}

TEST_CASE("one that was abandoned may outlive its owner", "[testing]") {
  verdict found;
  fiber_rules rules{found};
  rules.begin_run();
  for (const told& each : {root_starts, enters_group, child_starts})
    rules.on(each.made());
  rules.on(tree_event{.time = {}, .kind = tree_event_kind::abandoned, .path = "/2", .child = 2});
  for (const told& each : {group_ends, leaves_group, root_ends, child_ends})
    rules.on(each.made());
  rules.at_end();
  CHECK(violated(found) == "");
}

TEST_CASE("a group that tells of more, or of fewer failures than there were is seen", "[testing]") {
  const auto tells = [](std::uint64_t failures) {
    return judged<fiber_rules>({root_starts, enters_group, child_starts, child_fails,
                                told{group_ended, failures, 1, 0, 1}, leaves_group, root_ends});
  };
  CHECK(tells(0) == "INV-19");
  CHECK(tells(1) == "");
  CHECK(tells(2) == ""); // the body's
  CHECK(tells(3) == "INV-19");
}

TEST_CASE("a cancel that does not reach a wait, one that begins after it, or a start, is seen", "[testing]") {
  const told waits{wait_begun, 0, 2, 0, plain};
  const told stopped{wait_stopped, 0, 2};
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, waits, group_is_cancelled, child_ends, group_ends,
                             leaves_group, root_ends}) == "INV-17");
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, group_is_cancelled, waits, stopped, child_ends,
                             group_ends, leaves_group, root_ends}) == "INV-17");
  CHECK(judged<fiber_rules>({root_starts, enters_group, group_is_cancelled, child_starts, child_ends, group_ends,
                             leaves_group, root_ends}) == "INV-17");
  const told waits_in_shield{wait_begun, 0, 2, 0, shielded};
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, waits_in_shield, group_is_cancelled,
                             told{wait_granted, 0, 2}, child_ends, group_ends, leaves_group, root_ends}) == "");
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, waits_in_shield, stopped, child_ends, group_ends,
                             leaves_group, root_ends}) == "INV-16");
}

TEST_CASE("a shield hides those in it from a cancel outside, and from no other", "[testing]") {
  const told shield_begins{scope_entered, scope_hides_cancels | scope_with_deadline, 2, 0, 1};
  const told shield_ends{scope_left, 0, 2, 0, 1};
  const told waits{wait_begun, 0, 2, 0, plain};
  const told granted{wait_granted, 0, 2};
  const told stops{stop_taken, 1, 2, 0, 1};
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, shield_begins, waits, group_is_cancelled, granted,
                             shield_ends, stops, child_ends, group_ends, leaves_group, root_ends}) == "");
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, shield_begins, waits, group_is_cancelled, granted,
                             stops, shield_ends, child_ends, group_ends, leaves_group, root_ends}) == "INV-16");
  const told shield_has_had_its_time{commits_cancelled, 2, 0, deadline_passed, 1};
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, shield_begins, shield_has_had_its_time,
                             told{stop_taken, 2, 2, 0, 1}, shield_ends, child_ends, group_ends, leaves_group,
                             root_ends}) == "");
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, stops, child_ends, group_ends, leaves_group,
                             root_ends}) == "INV-16"); // nobody has cancelled that
  const told sibling_starts{fiber_started, 3, 1, 1, 1};
  const told scope_of_sibling{scope_entered, 0, 3, 0, 1};
  const told that_is_cancelled{cancel_requested, 3, 0, 0, 1};
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, sibling_starts, scope_of_sibling,
                             that_is_cancelled, told{stop_taken, 3, 2, 0, 1}, told{scope_left, 0, 3, 0, 1}, child_ends,
                             told{fiber_ended, 3, 3, 0}, group_ends, leaves_group, root_ends}) == "INV-16");
}

TEST_CASE("what cleans up is hidden from the limit of a shield, too", "[testing]") {
  const told cleanup_begins{scope_entered, scope_hides_all, 2, 0, 1};
  const told cleanup_ends{scope_left, 0, 2, 0, 1};
  const told killed{commits_cancelled, 1, 0, 0, 1};
  CHECK(judged<fiber_rules>({root_starts, enters_group, child_starts, cleanup_begins, killed,
                             told{stop_taken, 1, 2, 0, 1}, cleanup_ends, child_ends, group_ends, leaves_group,
                             root_ends}) == "INV-16");
}

TEST_CASE("a limit that acts before its time, or not at it, is seen", "[testing]") {
  const told enters{scope_entered, scope_with_deadline, 1, 0, 1};
  const told is_set{deadline_set, 0, 1, 1'000, 1};
  const told leaves{scope_left, 0, 1, 0, 1, 3us};
  const told ends{fiber_ended, 1, 1, 0, 0, 3us};
  const auto acts_at = [&](std::chrono::nanoseconds at) {
    return judged<fiber_rules>(
        {root_starts, enters, is_set, told{cancel_requested, 1, 0, deadline_passed, 1, at}, leaves, ends});
  };
  CHECK(acts_at(999ns) == "INV-15");
  CHECK(acts_at(1us) == "");
  CHECK(acts_at(1001ns) == "INV-15");
  CHECK(judged<fiber_rules>({root_starts, enters, is_set, leaves, ends}) == "INV-15");
  const told seen_to_by_others{deadline_set, 1, 1, 1'000, 1};
  CHECK(judged<fiber_rules>({root_starts, enters, seen_to_by_others, leaves, ends}) == "");
}

TEST_CASE("a limit that does not last as long as it was given is seen", "[testing]") {
  constexpr told begins{limit_begun, 0, 1, 50, 0, 10ns};
  constexpr told limited{scope_entered, scope_with_deadline, 1, 0, 1, 10ns};
  constexpr told left{scope_left, 0, 1, 0, 1, 20ns};
  const auto until = [](std::uint64_t at) { return told{deadline_set, 0, 1, at, 1, 10ns}; };
  CHECK(judged<fiber_rules>({root_starts, begins, limited, until(60), left, root_ends}) == "");
  CHECK(judged<fiber_rules>({root_starts, begins, limited, until(50), left, root_ends}) == "INV-15");
  CHECK(judged<fiber_rules>({root_starts, limited, until(50), left, root_ends}) == ""); // an instant was given
  const auto for_ever = static_cast<std::uint64_t>(duration::max().count());
  const told never_passes{limit_begun, 0, 1, for_ever, 0, 10ns};
  CHECK(judged<fiber_rules>({root_starts, never_passes, limited, until(50), left, root_ends}) == "");
}

namespace {

/// What rules say of it until then.
std::string until_now(std::initializer_list<told> events) {
  verdict found;
  fiber_rules rules{found};
  rules.begin_run();
  for (const told& each : {root_starts, enters_group, child_starts})
    rules.on(each.made());
  for (const told& each : events)
    rules.on(each.made());
  return violated(found);
}

constexpr told run_begins{scope_entered, scope_of_run, 2, 0, 1};
constexpr auto shutdown_asked = static_cast<std::uint64_t>(cancel_reason::shutdown);
constexpr told run_is_cancelled{cancel_requested, 2, 1, shutdown_asked, 1};
constexpr told commits_are{commits_cancelled, 2, 1, shutdown_asked, 1};

} // namespace

TEST_CASE("a child that is cancelled though it drains is seen", "[testing]") {
  constexpr told drains{child_drains, 50, 0, 2};
  CHECK(until_now({run_begins, drains}) == "");
  CHECK(until_now({run_begins, drains, run_is_cancelled}) == "INV-20");
  CHECK(until_now({run_begins, drains, commits_are, run_is_cancelled}) == ""); // it was killed
}

TEST_CASE("a child that is asked to stop, or killed, and does not hear of it is seen", "[testing]") {
  constexpr told waits{wait_begun, 0, 2, wait_line("receive"), plain};
  constexpr told drains{child_drains, 50, 0, 2};
  verdict found;
  fiber_rules rules{found};
  const auto after = [&](std::initializer_list<told> events, auto then) {
    found.begin_run();
    rules.begin_run();
    for (const told& each : {root_starts, enters_group, child_starts})
      rules.on(each.made());
    for (const told& each : events)
      rules.on(each.made());
    then();
    return violated(found);
  };
  const auto tell = [&](tree_event_kind what) {
    rules.on(tree_event{.time = {}, .kind = what, .path = "/2", .child = 2});
  };
  const auto is_killed = [&] { tell(tree_event_kind::killed); };
  CHECK(after({run_begins, commits_are, run_is_cancelled}, is_killed) == "");
  CHECK(after({run_begins, run_is_cancelled}, is_killed) == "INV-17");
  const auto is_stopped_and = [&](const told& next) {
    return [&, next] {
      tell(tree_event_kind::stopping);
      rules.on(run_begins.made());
      rules.on(next.made());
      rules.on(waits.made());
    };
  };
  CHECK(after({}, is_stopped_and(waits)) == "INV-17 INV-17");
  CHECK(after({}, is_stopped_and(run_is_cancelled)) == "INV-17"); // it begins to wait though it is to stop
  CHECK(after({}, is_stopped_and(drains)) == "");
  CHECK(after({}, [&] {
          tell(tree_event_kind::stopping);
          tell(tree_event_kind::begun); // anew
          rules.on(run_begins.made());
          rules.on(waits.made());
        }) == "");
}
