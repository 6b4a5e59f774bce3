#include <troupe/testing/last_words.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/assert.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/testing/explore.hpp>

#include <array>
#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;

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
  std::array<int, 2> both{};
  REQUIRE(pipe(both.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL); // not that of the test program
    dup2(both[1], STDERR_FILENO);
    function();
    _exit(0);
  }
  close(both[1]);
  std::string words;
  std::array<char, 4096> part{};
  for (ssize_t size = 0; (size = read(both[0], part.data(), part.size())) > 0;)
    words.append(part.data(), static_cast<std::size_t>(size));
  close(both[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  return words;
}

} // namespace

TEST_CASE("a run that ends the program says which it was", "[testing]") {
  const std::string words = words_of_who_dies_in([] { explore({}, two_in_any_order); });
  INFO(words);
  CHECK(words.find("the second was first") != words.npos);
  const std::string begin = "TROUPE_REPLAY='";
  const std::size_t at = words.find(begin);
  REQUIRE(at != words.npos);
  const std::string schedule = words.substr(at + begin.size(), words.find('\'', at + begin.size()) - at - begin.size());
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
