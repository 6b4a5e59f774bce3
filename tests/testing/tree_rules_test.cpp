#include <troupe/testing/tree_rules.hpp>

#include "told.hpp"

#include <tests/catch.hpp>

#include <troupe/supervision/child_spec.hpp>

#include <chrono>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using enum tree_event_kind;

/// A supervisor with the number 50, whose children are told of by the last digit of their fibers.
class tree {
public:
  explicit tree(supervisor_options options = {}) : options_(options) { rules_.begin_run(); }
  tree(const tree&) = delete;

  tree& tell(tree_event_kind kind, std::uint64_t child, std::uint64_t incarnation, duration wait = {},
             bool in_order = false, exit_kind reason = exit_kind::normal) {
    const std::string path = "/c" + std::to_string(child);
    rules_.on(
        tree_event{now_, kind, path, incarnation, {reason, nullptr}, wait, in_order, 50, child, &spec_, &options_});
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
  tree& closes() {
    rules_.on(told{event_kind::supervisor_closing, 50}.made());
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
