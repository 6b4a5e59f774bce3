#include <troupe/testing/work_rules.hpp>

#include "told.hpp"

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::tests;

namespace {

using enum event_kind;
using detail::work_rules;

constexpr told sent{ask_sent, 7, 1};
constexpr told begun{ask_begun, 7, 2};
constexpr told answered{ask_answered, 7, 2};
constexpr told over{ask_ended, 7, 1};

constexpr told added(std::uint64_t number, std::uint64_t stack = 100, std::uint32_t for_a_failure = 0) {
  return {finalizer_added, number, 1, stack, for_a_failure};
}
constexpr told runs(std::uint64_t number) { return {finalizer_begun, number, 1}; }
constexpr told ends(std::uint64_t number) { return {finalizer_ended, number, 1}; }
constexpr told dropped(std::uint64_t number) { return {finalizer_dropped, number, 1}; }

} // namespace

TEST_CASE("an ask with one answer is as it must be, and with none or two is not", "[testing]") {
  CHECK(judged<work_rules>({sent, begun, answered, over}) == "");
  CHECK(judged<work_rules>({sent, answered, over}) == ""); // never begun
  CHECK(judged<work_rules>({sent, begun, over, answered}) == "INV-14");
  CHECK(judged<work_rules>({sent, begun, answered, answered, over}) == "INV-14");
  CHECK(judged<work_rules>({sent, answered, begun, over}) == "INV-14");
  CHECK(judged<work_rules>({sent, begun, answered, over, over}) == "INV-14");
  CHECK(judged<work_rules>({sent, begun}) == "INV-14");
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
  CHECK(judged<work_rules>({sent, begun, with_value, over}) == "");
  CHECK(judged<work_rules>({sent, begun, answered, stopped}) == ""); // with a failure
  CHECK(judged<work_rules>({sent, begun, with_value, stopped}) == "INV-14");
}
