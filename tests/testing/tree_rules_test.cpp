#include <troupe/testing/tree_rules.hpp>

#include "told.hpp"

#include <tests/catch.hpp>

#include <troupe/supervision/child_spec.hpp>

#include <chrono>
#include <exception>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using enum tree_event_kind;

/// A supervisor with the number 50, whose children are told of by their fibers.
class tree {
public:
  explicit tree(supervisor_options options = {}) : options_(options) { rules_.begin_run(); }
  tree(const tree&) = delete;

  tree& tell(tree_event_kind kind, std::uint64_t child, std::uint64_t incarnation, duration wait = {},
             bool in_order = false, exit_kind reason = exit_kind::normal, std::exception_ptr error = nullptr) {
    const std::string path = "/c" + std::to_string(child);
    rules_.on(
        tree_event{now_, kind, path, incarnation, {reason, error}, wait, in_order, number_, child, &spec_, &options_});
    found_.now = now_;
    return *this;
  }
  tree& starts(std::uint64_t child, std::uint64_t incarnation = 1) {
    return tell(begun, child, incarnation).tell(started, child, incarnation);
  }
  tree& fails(std::uint64_t child, std::uint64_t incarnation = 1) {
    return tell(ended, child, incarnation, {}, false, exit_kind::failed);
  }
  tree& asks_to_stop(std::uint64_t child, duration grace = 5s, std::uint64_t incarnation = 1) {
    return tell(stopping, child, incarnation, grace, true);
  }
  tree& fails_to_start(std::uint64_t child) {
    return tell(ended, child, 1, {}, false, exit_kind::failed, std::make_exception_ptr(1));
  }
  tree& stops(std::uint64_t child, std::uint64_t incarnation = 1) {
    return asks_to_stop(child, 5s, incarnation).tell(stopped, child, incarnation);
  }
  tree& hears(const told& what) {
    rules_.on(what.made());
    return *this;
  }
  tree& closes() { return hears({event_kind::supervisor_closing, 50}); }
  /// From now on what is told is of the children of the supervisor with this number.
  tree& of(std::uint64_t number) {
    number_ = number;
    return *this;
  }
  /// And of those with this spec.
  tree& with(const child_spec& spec) {
    spec_ = spec;
    return *this;
  }
  tree& passes(duration by) {
    now_ += by;
    found_.now = now_;
    return *this;
  }
  tree& rests() {
    rules_.at_rest();
    return *this;
  }
  tree& on_time() {
    found_.is_on_time = true;
    return *this;
  }
  std::string violated() const { return tests::violated(found_); }

private:
  supervisor_options options_;
  child_spec spec_;
  verdict found_;
  detail::tree_rules rules_{found_};
  instant now_{};
  std::uint64_t number_ = 50;
};

} // namespace

TEST_CASE("children that start, fail, are started anew and stopped last first are as they must be", "[testing]") {
  CHECK(tree{}
            .starts(1)
            .starts(2)
            .fails(1)
            .tell(restarting, 1, 1)
            .starts(1, 2)
            .closes()
            .asks_to_stop(2)
            .tell(stopped, 2, 1)
            .tell(forgotten, 2, 1)
            .asks_to_stop(1, 5s, 2)
            .tell(stopped, 1, 2)
            .tell(forgotten, 1, 2)
            .violated() == "");
}

TEST_CASE("a run that begins before the last one has ended is seen, and one while all are stopped", "[testing]") {
  CHECK(tree{}.starts(1).tell(begun, 1, 2).violated() == "INV-10");
  CHECK(tree{}.starts(1).fails(1).fails(1).violated() == "INV-10");
  CHECK(tree{}.starts(1).fails(1).closes().tell(begun, 1, 2).violated() == "INV-7");
  CHECK(tree{}.starts(1).tell(forgotten, 1, 1).violated() == "INV-7");
}

TEST_CASE("what an earlier run does is seen", "[testing]") {
  CHECK(tree{}.starts(1).fails(1).tell(begun, 1, 2).tell(ended, 1, 1).violated() == "INV-13");
  CHECK(tree{}.starts(1).fails(1).tell(begun, 1, 3).violated() == "INV-13");
  CHECK(tree{}.starts(1).fails(1).tell(started, 1, 1).violated() == "INV-13");
}

TEST_CASE("children that are stopped in another order, or at once, are seen", "[testing]") {
  CHECK(tree{}.starts(1).starts(2).closes().asks_to_stop(1).violated() == "INV-8");
  CHECK(tree{}.starts(1).starts(2).closes().asks_to_stop(2).asks_to_stop(1).violated() == "INV-8");
  CHECK(tree{{.strategy = restart_strategy::dynamic}}.starts(1).starts(2).closes().asks_to_stop(1).violated() == "");
}

TEST_CASE("a restart that leaves others running, does not come, or comes too early is seen", "[testing]") {
  const supervisor_options all{.strategy = restart_strategy::one_for_all, .intensity = 9};
  CHECK(tree{all}.starts(1).starts(2).fails(1).tell(restarting, 1, 1).starts(1, 2).violated() == "INV-9");
  CHECK(tree{all}
            .starts(1)
            .starts(2)
            .fails(1)
            .tell(restarting, 1, 1)
            .asks_to_stop(2)
            .tell(stopped, 2, 1)
            .starts(1, 2)
            .starts(2, 2)
            .violated() == "");
  // Several wait from when the last of them has stopped.
  const auto both_stop = [](tree& in) -> tree& {
    return in.starts(1).starts(2).fails(1).tell(restarting, 1, 1, 2s).asks_to_stop(2).passes(1s).tell(stopped, 2, 1);
  };
  CHECK(both_stop(tree{all}.hears({})).passes(1500ms).rests().passes(500ms).rests().violated() == "");
  CHECK(both_stop(tree{all}.hears({})).passes(2500ms).rests().violated() == "INV-9");
  CHECK(tree{}.starts(1).fails(1).tell(restarting, 1, 1).passes(1s).rests().violated() == "INV-9");
  CHECK(tree{}.starts(1).fails(1).tell(restarting, 1, 1, 2s).passes(1s).rests().starts(1, 2).violated() == "INV-15");
  CHECK(tree{}.starts(1).fails(1).tell(restarting, 1, 1, 2s).passes(2s).rests().starts(1, 2).violated() == "");
}

TEST_CASE("more restarts than may be within a period are seen, and giving up before that", "[testing]") {
  const supervisor_options one{.intensity = 1, .period = 5s};
  const auto again = [&](duration wait) {
    return tree{one}
        .starts(1)
        .fails(1)
        .tell(restarting, 1, 1)
        .starts(1, 2)
        .passes(wait)
        .fails(1, 2)
        .tell(restarting, 1, 2)
        .violated();
  };
  CHECK(again(5s) == "INV-11");
  CHECK(again(5s + 1ns) == "");
  const auto gives_up = [](tree& in) { return in.tell(gave_up, 1, 1, {}, false, exit_kind::failed).violated(); };
  CHECK(gives_up(tree{one}.starts(1).fails(1)) == "INV-11");
  CHECK(gives_up(tree{one}.starts(1).fails(1).tell(restarting, 1, 1).starts(1, 2).fails(1, 2)) == "");
  CHECK(gives_up(tree{{.intensity = 0}}.starts(1).fails(1).tell(gave_up, 1, 1, {}, false, exit_kind::failed)) ==
        "INV-12");
}

TEST_CASE("a child that has more time to stop than it was given is seen, where time is exact", "[testing]") {
  CHECK(tree{}.on_time().starts(1).asks_to_stop(1, 5s).passes(6s).tell(stopped, 1, 1).violated() == "INV-24");
  CHECK(tree{}.starts(1).asks_to_stop(1, 5s).passes(6s).tell(stopped, 1, 1).violated() == "");
  CHECK(tree{}.on_time().starts(1).asks_to_stop(1, 5s).passes(6s).tell(killed, 1, 1, 1s).violated() == "INV-24");
  CHECK(tree{}
            .on_time()
            .starts(1)
            .asks_to_stop(1, 5s)
            .passes(5s)
            .tell(killed, 1, 1, 1s)
            .passes(1s)
            .tell(abandoned, 1, 1)
            .violated() == "");
  CHECK(tree{}.starts(1).asks_to_stop(1, 5s).tell(abandoned, 1, 1).violated() == "INV-24");
}

namespace {

constexpr told said(std::uint64_t child, std::uint32_t run) { return {event_kind::start_said, 50, 0, child, run}; }
constexpr told retires(std::uint64_t child) { return {event_kind::child_retired, 50, 0, child}; }
constexpr told all_are_back{event_kind::children_restarted, 50};

} // namespace

TEST_CASE("a child that counts as started because of an earlier run, or as ended by itself, is seen", "[testing]") {
  CHECK(tree{}.tell(begun, 1, 1).hears(said(1, 1)).tell(started, 1, 1).violated() == "");
  CHECK(tree{}.starts(1).fails(1).tell(begun, 1, 2).hears(said(1, 1)).tell(started, 1, 2).violated() == "INV-13");
  CHECK(tree{}.starts(1).asks_to_stop(1).tell(ended, 1, 1, {}, false, exit_kind::failed).violated() == "INV-13");
  CHECK(tree{}.tell(begun, 1, 1).asks_to_stop(1).fails(1).violated() == ""); // it did not start in time
}

TEST_CASE("a temporary child that begins anew is seen", "[testing]") {
  const child_spec temporary{.restart = restart_type::temporary};
  CHECK(tree{}.with(temporary).starts(1).fails(1).starts(1, 2).violated() == "INV-9");
}

TEST_CASE("whom a restart of several leaves out, or takes in too many, is seen", "[testing]") {
  const supervisor_options rest{.strategy = restart_strategy::rest_for_one, .intensity = 9};
  const auto two_fails = [&](tree& in) -> tree& {
    return in.starts(1).starts(2).starts(3).fails(2).tell(restarting, 2, 1);
  };
  CHECK(two_fails(tree{rest}.hears({})).stops(3).starts(2, 2).starts(3, 2).hears(all_are_back).violated() == "");
  CHECK(two_fails(tree{rest}.hears({})).stops(3).starts(2, 2).hears(all_are_back).violated() == "INV-9");
  CHECK(two_fails(tree{rest}.hears({})).stops(3).hears(retires(3)).starts(2, 2).hears(all_are_back).violated() == "");
  CHECK(two_fails(tree{rest}.hears({})).stops(3).stops(1).violated() == "INV-9");
  // The third begins before the second has started.
  CHECK(two_fails(tree{rest}.hears({})).stops(3).tell(begun, 2, 2).tell(begun, 3, 2).violated() == "INV-9");
  // The third fails while it is started anew: the second stays.
  tree later{rest};
  two_fails(later).stops(3).starts(2, 2).tell(begun, 3, 2).fails(3, 2).tell(restarting, 3, 2);
  CHECK(later.violated() == "");
  CHECK(later.stops(2, 2).violated() == "INV-9");
  // The first fails meanwhile: all are started anew.
  tree earlier{rest};
  two_fails(earlier).asks_to_stop(3).fails(1).tell(restarting, 1, 1).tell(stopped, 3, 1);
  CHECK(earlier.starts(2, 2).starts(3, 2).hears(all_are_back).violated() == "INV-9");
  // One that somebody asks for in the middle is none of them.
  tree asked{rest};
  two_fails(asked).stops(3).tell(begun, 2, 2).tell(stopping, 2, 2, 5s).tell(stopped, 2, 2).hears(retires(2));
  CHECK(asked.tell(begun, 3, 2).starts(2, 3).tell(started, 3, 2).hears(all_are_back).violated() == "");
}

TEST_CASE("a start that fails without a word of why is seen", "[testing]") {
  const auto answered = [](start_answer how) {
    return told{event_kind::start_answered, 50, 0, 1, static_cast<std::uint32_t>(how)};
  };
  CHECK(tree{}.tell(begun, 1, 1).fails_to_start(1).hears(answered(start_answer::failed)).violated() == "INV-19");
  CHECK(tree{}.tell(begun, 1, 1).fails_to_start(1).hears(answered(start_answer::failed_with_error)).violated() == "");
  CHECK(tree{}.tell(begun, 1, 1).stops(1).hears(answered(start_answer::failed)).violated() == "");
  // Nobody had asked for the one that has failed, and the next one is taken back before it begins.
  tree later;
  CHECK(later.tell(begun, 1, 1).fails_to_start(1).tell(restarting, 1, 1).violated() == "");
  CHECK(later.hears(answered(start_answer::failed)).violated() == "");
}

TEST_CASE("giving up without the first failure that has counted is seen", "[testing]") {
  const auto gives_up = [](std::uint32_t failures, std::chrono::nanoseconds first) {
    tree all{{.intensity = 1, .period = 5s}};
    all.starts(1).passes(1s).fails(1).tell(restarting, 1, 1).starts(1, 2).passes(1s).fails(1, 2);
    all.tell(gave_up, 1, 2, {}, false, exit_kind::failed);
    return all.hears({event_kind::escalation_told, 50, 1, static_cast<std::uint64_t>(first.count()), failures})
        .violated();
  };
  CHECK(gives_up(2, 1s) == "");
  CHECK(gives_up(1, 2s) == "INV-12");
  CHECK(gives_up(2, 2s) == "INV-12");
}

TEST_CASE("a supervisor below that is given less time to stop than its children have is seen", "[testing]") {
  const auto gets = [](duration grace) {
    tree all;
    all.starts(7).hears({event_kind::supervises, 60, 7});
    all.of(60).with({.shutdown = 2s, .abandon_after = 1s}).starts(1).starts(2);
    return all.of(50).with({}).asks_to_stop(7, grace).violated();
  };
  CHECK(gets(6s) == "");
  CHECK(gets(3s) == "INV-24");
  tree changed;
  changed.starts(7).hears({event_kind::supervises, 60, 7}).of(60).with({.shutdown = 2s}).starts(1);
  changed.hears({event_kind::child_changed, 60, 0, 1}).of(50).with({}).asks_to_stop(7, 1s);
  CHECK(changed.violated() == ""); // it has been given another time since
}
