#include <troupe/testing/trace_file.hpp>

#include <tests/catch.hpp>
#include <tests/testing/crashing_actors.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <unistd.h>

using namespace troupe;
using namespace troupe::tests;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// An environment variable, set while this lives.
class variable {
public:
  variable(const char* name, const std::string& value) : name_(name) {
    if (const char* const before = std::getenv(name); before != nullptr)
      before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~variable() {
    if (before_)
      setenv(name_, before_->c_str(), 1);
    else
      unsetenv(name_);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

private:
  const char* name_;
  std::optional<std::string> before_;
};

/// A name for a file of a test, which goes with it.
class scratch_file {
public:
  explicit scratch_file(const std::string& ending)
      : name_(
            (std::filesystem::temp_directory_path() / ("troupe_trace_" + std::to_string(getpid()) + ending)).string()) {
  }
  ~scratch_file() { std::filesystem::remove(name_); }
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;

  const std::string& name() const noexcept { return name_; }
  std::string text() const {
    std::ifstream in{name_};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

private:
  std::string name_;
};

task<> wrong(simulation& sim) {
  co_await sleep_for(std::chrono::seconds{1});
  sim.require(false, "this never holds");
}

std::string report_of(const scenario& what) {
  try {
    explore({.schedules = 10}, what);
  } catch (const broken& found) {
    CHECK(found.first().what == "this never holds");
    return found.what();
  }
  FAIL("nothing was found");
  throw;
}

} // namespace

TEST_CASE("TROUPE_TRACE names the file that the trace of a broken run is written to, in the form of its ending",
          "[testing]") {
  const scratch_file json{".json"};
  {
    const variable wanted{"TROUPE_TRACE", json.name()};
    CHECK(contains(report_of(wrong),
                   "TROUPE_TRACE: all of it is in " + json.name() + ": open it with https://ui.perfetto"));
  }
  CHECK(contains(json.text(), "\"waits to sleep\""));
  const scratch_file diagram{".mmd"};
  const variable wanted{"TROUPE_TRACE", diagram.name()};
  CHECK(contains(report_of(wrong), "https://mermaid.live"));
  CHECK(diagram.text().rfind("sequenceDiagram\n", 0) == 0);
}

TEST_CASE("a replay writes the trace that TROUPE_TRACE wants also where the run holds", "[testing]") {
  const scratch_file diagram{".mmd"};
  const variable replayed{"TROUPE_REPLAY", "autojump/1:"};
  const variable wanted{"TROUPE_TRACE", diagram.name()};
  explore({}, crashing_actors);
  CHECK(contains(diagram.text(), ": run 1 failed: no #35;money"));
}

TEST_CASE("a trace that cannot be written says why, and what was found stays what the test fails with", "[testing]") {
  {
    const variable wanted{"TROUPE_TRACE", "run.txt"};
    const std::string report = report_of(wrong);
    CHECK(contains(report, "own: this never holds"));
    CHECK(contains(report,
                   "TROUPE_TRACE: the name 'run.txt' does not say how to write the trace: let it end with .json"));
  }
  const scratch_file no_folder{""};
  const variable wanted{"TROUPE_TRACE", no_folder.name() + "/run.json"};
  const std::string report = report_of(wrong);
  CHECK(contains(report, "own: this never holds"));
  CHECK(contains(report, "TROUPE_TRACE: the trace cannot be written to '" + no_folder.name() +
                             "/run.json': No such file or directory"));
}

TEST_CASE("a replay that holds, and whose trace cannot be written, fails", "[testing]") {
  const variable replayed{"TROUPE_REPLAY", "autojump/1:"};
  const variable wanted{"TROUPE_TRACE", "run.svg"};
  CHECK_THROWS_AS(explore({}, crashing_actors), std::invalid_argument);
}
