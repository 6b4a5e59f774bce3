#include <troupe/testing/work_rules.hpp>

#include "told.hpp"

#include <tests/catch.hpp>

#include <troupe/scope/outcome.hpp>

using namespace troupe;
using namespace troupe::tests;

namespace {

using enum event_kind;

/// Asks and finalizers, in the fibers and scopes in which they are.
class work_rules {
public:
  explicit work_rules(verdict& to) : fibers_(to), work_(to, fibers_) {}

  void begin_run() {
    fibers_.begin_run();
    work_.begin_run();
  }
  void on(const event& happened) {
    fibers_.on(happened);
    work_.on(happened);
  }
  void at_end() { work_.at_end(); }

private:
  detail::fiber_rules fibers_;
  detail::work_rules work_;
};

constexpr told sent{ask_sent, 7, 1};
constexpr told begun{ask_begun, 7, 2};
constexpr told answered{ask_answered, 7, 2};
constexpr told over{ask_ended, 7, 1};
constexpr told gone{reply_gone, 7, 2};

constexpr told added(std::uint64_t number, std::uint64_t stack = 100, std::uint32_t for_a_failure = 0) {
  return {finalizer_added, number, 1, stack, for_a_failure};
}
constexpr told runs(std::uint64_t number) { return {finalizer_begun, number, 1}; }
constexpr told ends(std::uint64_t number) { return {finalizer_ended, number, 1}; }
constexpr told dropped(std::uint64_t number) { return {finalizer_dropped, number, 1}; }

} // namespace

TEST_CASE("an ask with one answer is as it must be, and with none or two is not", "[testing]") {
  CHECK(judged<work_rules>({sent, begun, answered, over, gone}) == "");
  CHECK(judged<work_rules>({sent, answered, over, gone}) == ""); // never begun
  CHECK(judged<work_rules>({sent, begun, over, answered, gone}) == "INV-14");
  CHECK(judged<work_rules>({sent, begun, answered, answered, over, gone}) == "INV-14");
  CHECK(judged<work_rules>({sent, answered, begun, over, gone}) == "INV-14");
  CHECK(judged<work_rules>({sent, begun, answered, over, over, gone}) == "INV-14");
  CHECK(judged<work_rules>({sent, begun, gone}) == "INV-14");
  CHECK(judged<work_rules>({sent, begun, answered, over}) == "INV-23"); // somebody keeps its reply
}

TEST_CASE("finalizers that run last first are as they must be, and in another order, twice or never are not",
          "[testing]") {
  CHECK(judged<work_rules>({added(1), added(2), runs(2), ends(2), runs(1), ends(1)}) == "");
  CHECK(judged<work_rules>({added(1), added(2, 100, 1), dropped(2), runs(1), ends(1)}) == "");
  CHECK(judged<work_rules>({added(1), added(2), dropped(2), runs(1), ends(1)}) == "INV-18");
  CHECK(judged<work_rules>({added(1), added(2), runs(1), ends(1), runs(2), ends(2)}) == "INV-18");
  CHECK(judged<work_rules>({added(1), added(2), runs(2), runs(1), ends(1), ends(2)}) == "INV-18");
  CHECK(judged<work_rules>({added(1), runs(1), ends(1), runs(1), ends(1)}) == "INV-18 INV-18");
  CHECK(judged<work_rules>({added(1)}) == "INV-18");
  CHECK(judged<work_rules>({added(1), runs(1)}) == "INV-18");
  CHECK(judged<work_rules>({runs(1)}) == "INV-18");
}

TEST_CASE("stacks have an order each, and what is moved to another one is the last there", "[testing]") {
  CHECK(judged<work_rules>({added(1, 100), added(2, 200), runs(1), ends(1), runs(2), ends(2)}) == "");
  CHECK(judged<work_rules>({added(1, 100), added(2, 200), added(1, 200), runs(1), ends(1), runs(2), ends(2)}) == "");
  CHECK(judged<work_rules>({added(1, 100), added(2, 200), added(1, 200), runs(2), ends(2), runs(1), ends(1)}) ==
        "INV-18");
}

TEST_CASE("an error of a finalizer that nobody tells of is seen", "[testing]") {
  constexpr told failed{finalizer_ended, 1, 1, 1};
  const auto unwound = [](std::uint64_t block_failed, std::uint32_t errors) {
    return told{stack_unwound, 100, 1, block_failed, errors};
  };
  CHECK(judged<work_rules>({added(1), runs(1), failed, unwound(0, 1)}) == "");
  CHECK(judged<work_rules>({added(1), runs(1), failed, unwound(1, 2)}) == "");
  CHECK(judged<work_rules>({added(1), runs(1), failed, unwound(0, 0)}) == "INV-19");
  CHECK(judged<work_rules>({added(1), runs(1), failed, unwound(1, 1)}) == "INV-19");
  CHECK(judged<work_rules>({added(1), runs(1), ends(1), unwound(1, 1)}) == "");
  CHECK(judged<work_rules>({added(1, 200), runs(1), failed, unwound(0, 0)}) == ""); // of another stack
}

TEST_CASE("an asker that is stopped as if it had no answer is seen", "[testing]") {
  constexpr told with_value{ask_answered, 7, 2, 0, answered_with_value};
  constexpr told stopped{ask_ended, 7, 1, 0, 1};
  CHECK(judged<work_rules>({sent, begun, with_value, over, gone}) == "");
  CHECK(judged<work_rules>({sent, begun, answered, stopped, gone}) == ""); // with a failure
  CHECK(judged<work_rules>({sent, begun, with_value, stopped, gone}) == "INV-14");
}

namespace {

// Fiber 1 asks in its scope 2, with a limit at 50; fiber 2, started in its group, which is its scope 1, works.
constexpr told limited{scope_entered, scope_with_deadline, 1, 0, 2};
constexpr told until_50{deadline_set, 0, 1, 50, 2};
constexpr told works{scope_entered, scope_with_deadline, 2, 0, 1};
constexpr told waits_for_answer{wait_begun, 0, 1, wait_line("ask")};
constexpr told until(std::uint64_t at) { return {deadline_set, 1, 2, at, 1}; }

/// What rules say of it until then.
std::string until_now(std::initializer_list<told> events) {
  verdict found;
  work_rules rules{found};
  rules.begin_run();
  for (const told& each : {told{fiber_started, 1}, told{scope_entered, scope_of_group, 1, 0, 1},
                           told{fiber_started, 2, 1, 1, 1}, limited, until_50})
    rules.on(each.made());
  for (const told& each : events)
    rules.on(each.made());
  return violated(found);
}

} // namespace

TEST_CASE("who works for somebody without his limit, or with more time, is seen", "[testing]") {
  CHECK(until_now({sent, works, until(50), begun}) == "");
  CHECK(until_now({sent, works, until(40), begun}) == "");
  CHECK(until_now({sent, works, until(60), begun}) == "INV-15");
  CHECK(until_now({sent, works, begun}) == "INV-15");
  // The asker's patience with what became of it is not its limit.
  constexpr told patience{scope_entered, scope_hides_all | scope_with_deadline, 1, 0, 3};
  constexpr told until_20{deadline_set, 0, 1, 20, 3};
  CHECK(until_now({sent, waits_for_answer, patience, until_20, waits_for_answer, works, until(50), begun}) == "");
}

TEST_CASE("who waits for an answer that is there is seen", "[testing]") {
  CHECK(until_now({sent, waits_for_answer, answered}) == "");
  CHECK(until_now({sent, answered, waits_for_answer}) == "INV-5");
}

TEST_CASE("who works on for an asker that was stopped is seen", "[testing]") {
  constexpr told revoked{cancel_requested, 2, 1, static_cast<std::uint64_t>(cancel_reason::revoked), 1};
  constexpr told left{scope_left, 0, 2, 0, 1};
  CHECK(until_now({sent, works, until(50), begun, waits_for_answer, revoked, waits_for_answer}) == "");
  CHECK(until_now({sent, works, until(50), begun, waits_for_answer, waits_for_answer}) == "INV-17");
  CHECK(until_now({sent, works, until(50), begun, left, waits_for_answer, waits_for_answer}) == ""); // it is kept
}

TEST_CASE("a finalizer that is stopped, and not by its limit, is seen", "[testing]") {
  constexpr told cleans{scope_entered, scope_hides_all | scope_with_deadline, 2, 0, 1};
  constexpr told limit_passed{cancel_requested, 2, 0, static_cast<std::uint64_t>(cancel_reason::deadline), 1};
  constexpr told cut_short{finalizer_ended, 5, 2, 2};
  CHECK(until_now({cleans, added(5), runs(5), limit_passed, cut_short}) == "");
  CHECK(until_now({cleans, added(5), runs(5), cut_short}) == "INV-16");
}
