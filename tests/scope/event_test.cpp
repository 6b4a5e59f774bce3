#include <troupe/scope/event.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <set>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> nap() { co_await sleep_for(1s); }

task<> fails() {
  co_await sleep_for(2s);
  throw std::runtime_error{"on purpose"};
}

task<> some_of_everything() {
  co_await in_task_group([](task_group& group) {
    group.start(nap);
    const child<> stopped = group.start(nap);
    stopped.cancel();
    stopped.cancel(); // tells nothing: it has been cancelled
    group.cancel();
    group.cancel();
    group.start(nap);
  });
  auto failed = co_await as_outcome(in_task_group([](task_group& group) { group.start(fails); }));
  static_cast<void>(failed.has_error());
}

} // namespace

TEST_CASE("every event kind has its name", "[scope]") {
  std::set<std::string_view> names;
  std::size_t kinds = 0;
  for (; to_string(static_cast<event_kind>(kinds)) != "unknown"; ++kinds)
    names.insert(to_string(static_cast<event_kind>(kinds)));
  CHECK(names.size() == kinds);
  CHECK(kinds == static_cast<std::size_t>(event_kind::fault_injected) + 1);
}

TEST_CASE("each fiber that is started ends once, and each wait that is begun is granted or stopped", "[scope]") {
  over_seeds(50, [](simulation_options options) {
    recorder sink;
    options.sink = &sink;
    simulator simulated{options};
    REQUIRE(simulated.run(some_of_everything).has_value());
    CHECK(sink.count(event_kind::fiber_started) == sink.count(event_kind::fiber_ended));
    CHECK(sink.count(event_kind::wait_begun) ==
          sink.count(event_kind::wait_granted) + sink.count(event_kind::wait_stopped));
    CHECK(sink.count(event_kind::start_refused) == 1);
  });
}

TEST_CASE("the end of a fiber tells whether it had a value, an error or a cancel", "[scope]") {
  recorder sink;
  simulator simulated{{.sink = &sink}};
  REQUIRE(simulated.run(some_of_everything).has_value());
  std::multiset<std::uint64_t> ends;
  for (const event& each : sink.events())
    if (each.kind == event_kind::fiber_ended) {
      CHECK(each.object == each.subject);
      ends.insert(each.cause);
    }
  CHECK(ends == std::multiset<std::uint64_t>{0, 1, 2, 2});
}

TEST_CASE("a cancel tells whose scope it was, who asked, and why", "[scope]") {
  recorder sink;
  simulator simulated{{.sink = &sink}};
  REQUIRE(simulated.run(some_of_everything).has_value());
  std::vector<event> cancels;
  for (const event& each : sink.events())
    if (each.kind == event_kind::cancel_requested)
      cancels.push_back(each);
  REQUIRE(cancels.size() == 3);
  CHECK(cancels[0].object != 1); // the child alone
  CHECK(cancels[1].object == 1); // the root's group
  CHECK(cancels[0].subject == 1);
  CHECK(cancels[1].subject == 1);
  CHECK(cancels[1].cause == static_cast<std::uint64_t>(cancel_reason::requested));
  CHECK(cancels[2].subject == 5); // the child that failed: the fourth, after one that was refused
  CHECK(cancels[2].cause == static_cast<std::uint64_t>(cancel_reason::sibling_failed));
  CHECK(cancels[2].time == instant{2s});
}
