#include <troupe/testing/last_words.hpp>

#include <tests/catch.hpp>
#include <tests/run_apart.hpp>

#include <troupe/scope/assert.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/testing/explore.hpp>

#include <csignal>
#include <functional>
#include <pty.h>
#include <string>

using namespace troupe;
using namespace troupe::tests;

namespace {

task<> asserts_in_some_order(bool& first) {
  co_await yield();
  TROUPE_ASSERT(first, "the second was first");
}
task<> sets(bool& first) {
  co_await checkpoint();
  first = true;
}
task<> two_in_any_order(simulation& sim) {
  bool& first = sim.make<bool>(false);
  co_await in_task_group([&](task_group& group) {
    group.start(sets, std::ref(first));
    group.start(asserts_in_some_order, std::ref(first));
  });
}

/// What a program writes to standard error that runs `function` and dies.
template <class Function>
std::string words_of_who_dies_in(Function function) {
  const ended_process ended = run_apart([&] {
    for (const int each : {SIGABRT, SIGINT}) // not as the test program takes it
      std::signal(each, SIG_DFL);
    function();
  });
  CHECK(WIFSIGNALED(ended.status));
  return ended.words;
}

} // namespace

TEST_CASE("a run that ends the program says which it was", "[testing]") {
  const std::string words = words_of_who_dies_in([] { explore({}, two_in_any_order); });
  INFO(words);
  CHECK(words.find("the second was first") != words.npos);
  const std::string schedule = schedule_in(words);
  REQUIRE(!schedule.empty());
  const std::string again = words_of_who_dies_in([&] { replay(schedule, two_in_any_order); });
  CHECK(again.find("the second was first") != again.npos);
}

TEST_CASE("an exploration that is interrupted ends the program, and says what it has covered", "[testing]") {
  const std::string words = words_of_who_dies_in([] {
    int runs = 0;
    explore({.schedules = 1'000'000}, [&runs]() -> task<> {
      if (++runs == 100)
        std::raise(SIGINT);
      co_await checkpoint();
    });
  });
  INFO(words);
  CHECK(words.find("interrupted after ") != words.npos);
  CHECK(words.find(" schedules, ") != words.npos);
}

TEST_CASE("an exploration shows on a terminal how far it is, and nothing elsewhere", "[testing]") {
  const auto explores = [] { explore({.schedules = 500}, []() -> task<> { co_await checkpoint(); }); };
  int terminal = 0, other_end = 0;
  REQUIRE(openpty(&other_end, &terminal, nullptr, nullptr, nullptr) == 0);
  const std::string shown = run_apart(other_end, terminal, explores).words;
  INFO(shown);
  CHECK(shown.find("last_words_test.cpp:") != shown.npos);
  CHECK(shown.find("1 of 500 schedules") != shown.npos);
  CHECK(shown.ends_with("\r\033[K")); // and nothing is left of it
  CHECK(run_apart(explores).words.empty());
}

TEST_CASE("a second interrupt ends a run that does not come to its end, and says which it was", "[testing]") {
  const std::string words = words_of_who_dies_in([] {
    explore({}, []() -> task<> {
      co_await checkpoint();
      std::raise(SIGINT);
      std::raise(SIGINT); // while the fiber keeps the thread
    });
  });
  INFO(words);
  CHECK(words.find("the program dies in run 1 of") != words.npos);
  CHECK(!schedule_in(words).empty());
}

TEST_CASE("runs that take long are shown as they come, and of a sweep nobody knows how many there will be",
          "[testing]") {
  int terminal = 0, other_end = 0;
  REQUIRE(openpty(&other_end, &terminal, nullptr, nullptr, nullptr) == 0);
  const std::string shown =
      run_apart(other_end, terminal, [] { sweep(fault::crash, []() -> task<> { co_await checkpoint(); }); }).words;
  INFO(shown);
  CHECK(shown.find(": 1 schedules") != shown.npos);
}
