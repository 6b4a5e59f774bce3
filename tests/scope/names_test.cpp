#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>

#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/simulator.hpp>

#include <set>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using paths_seen = std::multiset<std::string>; // in any order: the schedule is

task<> note_path(paths_seen& paths) {
  paths.insert(this_fiber::pointer()->path());
  co_return;
}

task<> note_paths_below(paths_seen& paths) {
  paths.insert(this_fiber::pointer()->path());
  co_await in_task_group([&](task_group& group) { group.start(note_path, std::ref(paths)); });
}

task<> fail(const char* why) {
  throw std::runtime_error(why);
  co_return;
}

/// The group that ended a run of `body`.
template <class Body>
error_group failed_group(Body body) {
  return tests::group_of(simulator{{}}.run([&]() -> task<> { co_await in_task_group(body); }));
}

} // namespace

TEST_CASE("a child with a name has it in its path, where others have their start index", "[scope][TR-072]") {
  paths_seen paths;
  simulator{{}}
      .run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          group.start({.name = "reader"}, note_paths_below, std::ref(paths));
          group.start(note_path, std::ref(paths));
          group.start({.name = "reader"}, note_path, std::ref(paths)); // theirs to tell apart
          group.start({}, note_path, std::ref(paths));
          child_options named{.name = "writer"};
          group.start(named, note_path, std::ref(paths));
          group.start({.name = "worker " + std::to_string(4)}, [&]() -> task<> { co_await note_path(paths); });
        });
      })
      .value();
  CHECK(paths == paths_seen{"/reader", "/1", "/reader", "/3", "/writer", "/worker 4", "/reader/0"});
}

TEST_CASE("children of all groups that are open in one fiber have different paths", "[scope]") {
  paths_seen paths;
  simulator{{}}
      .run([&]() -> task<> {
        co_await in_task_group([&](task_group& first) -> task<> {
          co_await move_on_after(1h, in_task_group([&](task_group& second) -> task<> {
                                   co_await in_task_group([&](task_group& third) {
                                     first.start(note_path, std::ref(paths));
                                     second.start(note_path, std::ref(paths));
                                     third.start({.name = "writer"}, note_paths_below, std::ref(paths));
                                   });
                                 }));
        });
      })
      .value();
  CHECK(paths == paths_seen{"/0", "/1:0", "/2:writer", "/2:writer/0"});
}

TEST_CASE("the error of a group has the names of the children that failed", "[scope]") {
  SECTION("one with a name") {
    const error_group failures = failed_group([](task_group& group) {
      group.start([]() -> task<> { co_await sleep_for(1h); });
      group.start({.name = "reader"}, fail, "connection refused");
    });
    CHECK(std::string(failures.what()) == "1 failure in a task group; child 1 (reader): connection refused");
    REQUIRE(failures.errors().size() == 1);
    CHECK(failures.errors()[0].name == "reader");
  }
  SECTION("one without") {
    const error_group failures = failed_group([](task_group& group) { group.start(fail, "connection refused"); });
    CHECK(std::string(failures.what()) == "1 failure in a task group; child 0: connection refused");
    CHECK(failures.errors()[0].name == "");
  }
  SECTION("the body's, which is the child's own") {
    const error_group failures = failed_group([](task_group& group) -> task<> {
      const child<> reader = group.start({.name = "reader"}, fail, "connection refused");
      co_await reader.value();
    });
    CHECK(std::string(failures.what()) == "1 failure in a task group; child 0 (reader): connection refused");
  }
}

TEST_CASE("a name that cannot be part of a path is refused, and nothing is started", "[scope]") {
  paths_seen paths;
  const auto refusal_of = [&](task_group& group, const char* name) -> std::string {
    try {
      group.start({.name = name}, note_path, std::ref(paths));
    } catch (const std::invalid_argument& refused) {
      return refused.what();
    }
    return "none";
  };
  simulator{{}}
      .run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          CHECK(refusal_of(group, "in/out") == "task_group::start: the name \"in/out\" has a '/', which separates the "
                                               "parts of a path: choose another one");
          CHECK(refusal_of(group, "7th") == "task_group::start: the name \"7th\" begins with a digit, as the paths of "
                                            "children without a name do: choose another one");
          group.start(note_path, std::ref(paths));
        });
      })
      .value();
  CHECK(paths == paths_seen{"/0"});
}
