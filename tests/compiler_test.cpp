// Whether the compiler still does with each shape what docs/compilers.md says.

#include <tests/compiler/shapes.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/simulation/simulator.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__clang__)
#include <tests/compiler/vector_of_awaits.hpp>
#endif

namespace troupe::tests {

namespace {

// ---- which compiler, and what is recorded for it --------------------------------------------------------------------

#if defined(__clang__)
constexpr bool is_known = __clang_major__ >= 16;
const std::string compiler = "clang++ " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#else
constexpr bool is_known = __GNUC__ == 12;
const std::string compiler = "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#endif

answer recorded_here(const recorded& answers) {
#if defined(__clang__)
  return answers.clang_16;
#else
  return answers.gcc_12;
#endif
}

// ---- what it does ---------------------------------------------------------------------------------------------------

struct seen {
  answer what;
  std::string how; // for the report
};

const char* to_string(answer of) {
  switch (of) {
  case answer::fine:
    return "fine";
  case answer::wrong:
    return "wrong";
  case answer::crash:
    return "crash";
  case answer::does_not_compile:
    return "does_not_compile";
  }
  return "?";
}

bool runs_right(task<bool> (*shape)()) {
  tracers = {};
  bool values_right = false;
  {
    simulator sim;
    outcome<bool> ended = sim.run(shape);
    values_right = ended.has_value() && ended.value();
  }
  return values_right && tracers.balanced();
}

seen run_here(task<bool> (*shape)()) {
  return runs_right(shape) ? seen{answer::fine, "fine"} : seen{answer::wrong, "wrong"};
}

// A shape that is broken may do anything, so it does it in a process of its own.
[[noreturn]] void be_the_child(task<bool> (*shape)()) {
  for (const int number : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTERM, SIGALRM}) // some are the test framework's
    std::signal(number, SIG_DFL);
  const rlimit no_core_file{0, 0};
  setrlimit(RLIMIT_CORE, &no_core_file);
  if (const int nowhere = open("/dev/null", O_WRONLY); nowhere >= 0)
    dup2(nowhere, STDERR_FILENO); // what the C library says of a broken heap
  alarm(20);
  int code = 1;
  try {
    code = runs_right(shape) ? 0 : 1;
  } catch (...) {
  }
  _exit(code);
}

seen run_in_child(task<bool> (*shape)()) {
  std::fflush(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0)
    be_the_child(shape);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status))
    return {answer::crash, "crash by signal " + std::to_string(WTERMSIG(status))};
  return WEXITSTATUS(status) == 0 ? seen{answer::fine, "fine"} : seen{answer::wrong, "wrong"};
}

// ---- the two compared -----------------------------------------------------------------------------------------------

void compare(const char* name, const recorded& answers, const seen& now) {
  const answer wanted = recorded_here(answers);
  if (!is_known) {
    SUCCEED();
    if (now.what != answer::fine)
      WARN("nothing is recorded for " << compiler << "; the shape `" << name << "`: " << now.how);
    return;
  }
  INFO("the shape `" << name << "`: recorded for " << compiler << " is " << to_string(wanted) << ", now it is "
                     << now.how);
  INFO("If the compiler changed: change the answer in tests/compiler/ and the table in docs/compilers.md. A shape that "
       "became broken must leave the library and the examples and needs a rule in tests/tidy.py; one that no supported "
       "compiler breaks any more can lose its rule.");
  CHECK((now.what == wanted || (wanted == answer::crash && now.what == answer::wrong)));
}

void check(const std::vector<shape>& shapes) {
  for (const shape& each : shapes) {
    // A sanitizer ends a broken shape in a way of its own, and is not good at fork: there, just the fine ones.
    if (!sanitized)
      compare(each.name, each.answers, run_in_child(each.run));
    else if (is_known && recorded_here(each.answers) == answer::fine)
      compare(each.name, each.answers, run_here(each.run));
  }
}

} // namespace

TEST_CASE("shapes with an aggregate do what is recorded for this compiler", "[compiler]") { check(aggregate_shapes); }

TEST_CASE("shapes with a closure do what is recorded for this compiler", "[compiler]") { check(closure_shapes); }

TEST_CASE("shapes with the conditional operator do what is recorded for this compiler", "[compiler]") {
  check(choice_shapes);
}

TEST_CASE("shapes with an await in a condition do what is recorded for this compiler", "[compiler]") {
  check(control_shapes);
}

TEST_CASE("the shapes that troupe is written in are right on every compiler", "[compiler]") {
  for (const shape& each : fine_shapes) {
    INFO(each.name << ", with " << compiler);
    CHECK(run_here(each.run).what == answer::fine);
  }
}

TEST_CASE("a vector of awaits in braces does what is recorded for this compiler", "[compiler]") {
  constexpr recorded answers{answer::does_not_compile, answer::fine};
  const char* const name = "std::vector<int> v{co_await a(), co_await b()}";
#if defined(__clang__)
  const auto shape = []() -> task<bool> {
    const tracer any{1};
    const bool right = co_await vector_of_awaits();
    co_return right;
  };
  compare(name, answers, run_here(shape));
#elif defined(TROUPE_TESTS_COMPILE) // the command that checks a source file, up to the file
  const auto compiles = [](const char* header) {
    const std::string command =
        std::string{"echo '#include <"} + header + ">' | " TROUPE_TESTS_COMPILE " -x c++ - 2>/dev/null";
    return std::system(command.c_str()) == 0; // NOLINT: the command is the build's own
  };
  REQUIRE(compiles("troupe/scope/task.hpp"));
  const bool taken = compiles("tests/compiler/vector_of_awaits.hpp");
  compare(name, answers,
          taken ? seen{answer::fine, "fine (it compiles)"} : seen{answer::does_not_compile, "does_not_compile"});
#else
  static_cast<void>(answers);
  WARN("`" << name << "` was not tried: this build does not say how the compiler is called");
#endif
}

} // namespace troupe::tests
