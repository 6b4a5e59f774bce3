#include <troupe/topology/running.hpp>

#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/snapshot.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/topology/check.hpp>
#include <troupe/topology/node.hpp>
#include <troupe/topology/parse.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <fmt/format.h>

#include <algorithm>

using namespace troupe;
using namespace troupe::topology;

namespace {

description read(std::string_view text) {
  const parsed made = parse(text, standard_kinds());
  INFO(render(made.findings, text, "test.toml"));
  REQUIRE(made.what);
  return *made.what;
}

report run_once(const description& what, std::uint64_t seed = 0) {
  const kinds known = standard_kinds();
  running all{what, known};
  simulator simulated{{.seed = seed}};
  simulated.run([&]() -> task<> { co_await run(all); }).value();
  return all.result();
}

constexpr std::string_view pipeline = R"(
[node.read]
kind = "source"
items = 200

[node.parse]
kind = "stage"
count = 3
work = "1ms"
faults.crash_every = 50

[node.store]
kind = "sink"

[supervisor.app]
intensity = 100

[[edge]]
from = "read"
to = "parse"
capacity = 5

[[edge]]
from = "parse"
to = "store"
overflow = "drop_oldest"
capacity = 1

[expect]
ends = "normal"
[expect.edge."read -> parse"]
sent = 200
crashed = "1.."
[expect.node.parse]
restarts = "1.."
)";

constexpr std::string_view two_that_ask = R"(
[node.begin]
kind = "client"
items = 1
[node.a]
kind = "server"
[node.b]
kind = "server"
[[edge]]
from = "begin"
to = "a"
how = "ask"
[[edge]]
from = "a"
to = "b"
how = "ask"
[[edge]]
from = "b"
to = "a"
how = "ask"
[expect]
ends = "would_deadlock"
cycle = ["a", "b"]
)";

} // namespace

TEST_CASE("a pipeline whose stage crashes ends by itself, and its books balance", "[topology]") {
  const description what = read(pipeline);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const report came = run_once(what, seed);
    INFO("seed " << seed << ": " << to_string(came.ended) << " " << came.text);
    CHECK(came.unbalanced == std::vector<std::string>{});
    CHECK(came.unexpected == std::vector<std::string>{});
    CHECK(came.took < std::chrono::seconds{1});
  }
}

TEST_CASE("two nodes that ask each other fail at once, with the cycle", "[topology][C4]") {
  const report came = run_once(read(two_that_ask));
  INFO(to_string(came.ended) << " " << came.text);
  CHECK(came.unexpected == std::vector<std::string>{});
  CHECK(came.unbalanced == std::vector<std::string>{});
  CHECK(came.took < std::chrono::seconds{1});
}

TEST_CASE("a cycle that nobody expects is an error that names each of its edges", "[topology][C4]") {
  description what = read(two_that_ask);
  what.expect = {};
  const checked seen = check(what, standard_kinds());
  REQUIRE(seen.findings.size() == 1);
  CHECK(seen.findings[0].rule == "ask-cycle");
  CHECK(seen.findings[0].what.find("a (ask, line 13) -> b (ask, line 17) -> a") != std::string::npos);
  const kinds known = standard_kinds();
  CHECK_THROWS_AS((running{what, known}), std::invalid_argument);
}

TEST_CASE("asks that go round are an error however many each node takes at once, and what is told to try ends them",
          "[topology][C4]") {
  const kinds known = standard_kinds();
  description what = read(two_that_ask);
  what.expect = {};
  for (const std::size_t of_a : {1U, 2U, 100U})
    for (const std::size_t of_b : {1U, 2U, 100U}) {
      INFO("at_once " << of_a << " and " << of_b);
      what.nodes[1].at_once = of_a;
      what.nodes[2].at_once = of_b;
      what.edges[2].within.reset();
      what.nodes[1].deadline.reset();
      const checked seen = check(what, known);
      REQUIRE(seen.findings.size() == 1);
      CHECK(seen.findings[0].how == severity::error);
      CHECK(seen.findings[0].rule == "ask-cycle");
      CHECK(seen.findings[0].remedy ==
            "within = \"1s\" at one of these edges, or deadline = \"1s\" for one of these nodes");
      what.expect.ends = ending_kind::would_deadlock; // to see that it is true
      CHECK(run_once(what).nodes[0].answers == 0);
      what.expect = {};
      what.edges[2].within = std::chrono::seconds{1};
      CHECK(check(what, known).findings.empty());
      CHECK(run_once(what).nodes[0].answers == 1);
      what.edges[2].within.reset();
      what.nodes[1].deadline = std::chrono::seconds{1};
      CHECK(check(what, known).findings.empty());
      CHECK(run_once(what).nodes[0].answers == 1);
    }
}

TEST_CASE("a reentrant node of a kind that may answer without asking opens a cycle, with a warning", "[topology][C4]") {
  kinds known = standard_kinds();
  known.add({.name = "cache", .what = "Asks now and then.", .asked_by = wants::some, .asks = wants::some},
            [](node& here) -> task<> {
              co_await here.each([&here](item& asked) -> task<> {
                if (asked.hops < 2) {
                  auto answer = co_await here.ask(0, asked);
                  static_cast<void>(answer);
                }
              });
            });
  description what = read(two_that_ask);
  what.expect = {};
  what.nodes[1].kind = "cache";
  what.nodes[1].at_once = 2;
  const checked seen = check(what, known);
  REQUIRE(seen.findings.size() == 1);
  CHECK(seen.findings[0].how == severity::warning);
  CHECK(seen.findings[0].rule == "slots-cycle");
  running all{what, known};
  simulator simulated{{.seed = 1}};
  simulated.run([&]() -> task<> { co_await run(all); }).value();
  CHECK(all.result().ended == ending_kind::normal);
}

TEST_CASE("whoever makes items without end, and without a pause, lets virtual time pass", "[topology]") {
  for (const char* const text :
       {"[node.a]\nkind = \"source\"\n[node.b]\nkind = \"sink\"\n[[edge]]\nfrom = \"a\"\nto = \"b\"\n",
        "[node.a]\nkind = \"source\"\n[node.b]\nkind = \"sink\"\n[[edge]]\nfrom = \"a\"\nto = \"b\"\n"
        "overflow = \"drop_oldest\"\n",
        "[node.a]\nkind = \"client\"\n[node.b]\nkind = \"server\"\n[[edge]]\nfrom = \"a\"\nto = \"b\"\n"
        "how = \"ask\"\n",
        "[node.a]\nkind = \"stream_client\"\n[node.b]\nkind = \"stream_server\"\n[[edge]]\nfrom = \"a\"\n"
        "to = \"b\"\nhow = \"ask\"\n",
        "[node.a]\nkind = \"worker\"\nevery = \"0s\"\n"}) {
    INFO(text);
    const description what = read(text);
    const kinds known = standard_kinds();
    running all{what, known};
    simulator simulated{{.steps_max = 200'000}};
    simulated.run([&]() -> task<> { co_await run(all); }).value();
    CHECK(all.result().ended == ending_kind::time);
    CHECK(all.result().took == std::chrono::seconds{10});
    CHECK(all.result().unexpected == std::vector<std::string>{});
  }
}

TEST_CASE("a node is in a cycle that is told only where its whole path is", "[topology]") {
  const auto otherwise = [](const std::string& node, std::vector<std::string> paths, std::string text) {
    expectation wanted;
    wanted.ends = ending_kind::would_deadlock;
    wanted.cycle = {node};
    report came;
    came.ended = ending_kind::would_deadlock;
    came.text = std::move(text);
    came.nodes.resize(1);
    came.nodes[0].name = node;
    came.nodes[0].paths = std::move(paths);
    return compare(wanted, came).size();
  };
  CHECK(otherwise("a", {"/app/a"}, "/app/a (ask) -> /app/b (ask) -> /app/a") == 0);
  CHECK(otherwise("a", {"/app/a"}, "/app/b (ask) -> /app/a") == 0);
  CHECK(otherwise("a", {"/app/a"}, "/app/a/1:1 (ask) -> /app/b (ask) -> /app/a/1:1") == 0);
  CHECK(otherwise("a", {"/app/a-1", "/app/a-2"}, "/app/a-2 (ask) -> /app/b (ask) -> /app/a-2") == 0);
  CHECK(otherwise("a", {"/app/a"}, "/app/b (ask) -> /app/c (ask) -> /app/b") == 1);
  CHECK(otherwise("a", {"/app/a"}, "/app/ab (ask) -> /app/a-b (ask) -> /app/ab") == 1);
  CHECK(otherwise("a", {"/app/a"}, "/app/b/app/a2 (ask) -> /app/b/app/a2") == 1);
}

TEST_CASE("a node can be crashed, and started anew, by hand while it runs", "[topology]") {
  const description what = read(R"(
[run]
lasts = "1s"
[node.x]
kind = "worker"
[expect]
ends = "time"
[expect.node.x]
restarts = 2
crashes = 1
[supervisor.app]
intensity = 10
)");
  const kinds known = standard_kinds();
  running all{what, known};
  simulator simulated;
  simulated
      .run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          group.start([&]() -> task<> { co_await run(all); });
          group.start([&]() -> task<> {
            co_await sleep_for(std::chrono::milliseconds{100});
            CHECK(all.control(action::crash, "x") == std::nullopt);
            co_await sleep_for(std::chrono::milliseconds{100});
            CHECK(all.control(action::restart, all.nodes()[0].paths[0]) == std::nullopt);
            CHECK(all.control(action::restart, "nobody") != std::nullopt);
          });
        });
      })
      .value();
  CHECK(all.result().unexpected == std::vector<std::string>{});
}

TEST_CASE("a run that is cancelled ends as stopped, after the time that it took", "[topology]") {
  for (const char* const restart : {"permanent", "temporary"}) { // temporary ones are done by the stop
    INFO(restart);
    const description what = read(fmt::format("[node.x]\nkind = \"worker\"\nrestart = \"{}\"\n", restart));
    const kinds known = standard_kinds();
    running all{what, known};
    simulator simulated;
    simulated
        .run([&]() -> task<> {
          const bool in_time = co_await move_on_after(std::chrono::milliseconds{1'500}, run(all));
          CHECK_FALSE(in_time);
        })
        .value();
    CHECK(all.result().ended == ending_kind::stopped);
    CHECK(all.result().took == std::chrono::milliseconds{1'500});
  }
}

TEST_CASE("a file cannot expect that it is stopped from outside", "[topology]") {
  const parsed made = parse("[node.x]\nkind = \"worker\"\n[expect]\nends = \"stopped\"\n", standard_kinds());
  CHECK(has_errors(made.findings));
}

TEST_CASE("a snapshot of a topology has what each node has in its mailbox and in hand, and whom an ask waits for",
          "[topology][G2]") {
  const description what = read(R"(
[run]
lasts = "1s"
[supervisor.app]
[node.jobs]
kind = "source"
[node.worker]
kind = "sink"
count = 2
work = "1s"
[node.caller]
kind = "client"
count = 2
[node.desk]
kind = "server"
work = "1s"
[[edge]]
from = "jobs"
to = "worker"
capacity = 3
[[edge]]
from = "caller"
to = "desk"
how = "ask"
)");
  const kinds known = standard_kinds();
  running all{what, known};
  simulator simulated;
  tree_snapshot seen;
  simulated
      .run([&]() -> task<> {
        fiber& top = co_await troupe::detail::current_fiber{};
        co_await in_task_group([&](task_group& group) {
          group.start([&]() -> task<> { co_await run(all); });
          group.start([&]() -> task<> {
            co_await sleep_for(std::chrono::milliseconds{100});
            seen = take_snapshot(top);
          });
        });
      })
      .value();
  const auto find = [&](std::string_view name) -> const tree_node& {
    return *std::find_if(seen.nodes.begin(), seen.nodes.end(),
                         [&](const tree_node& each) { return each.name == name; });
  };
  const auto awaited = [&](std::string_view name) {
    const auto& wait = find(name).wait;
    return wait && wait->on ? seen.nodes[*wait->on].name : std::string("nobody");
  };
  for (const char* const worker : {"worker-1", "worker-2"}) { // who share a mailbox
    INFO(worker);
    CHECK(find(worker).kind == node_kind::actor);
    REQUIRE(find(worker).mailbox);
    CHECK(find(worker).mailbox->depth == 3);
    CHECK(find(worker).mailbox->capacity == 3);
    REQUIRE(find(worker).in_hand);
    CHECK(find(worker).in_hand->type == "troupe::topology::delivery");
  }
  CHECK(awaited("jobs") == "worker-1");
  CHECK(find("desk").in_hand->type == "troupe::topology::question");
  CHECK(find("desk").mailbox->depth == 1);
  CHECK(awaited("caller-1") == "desk");
  CHECK(awaited("caller-2") == "desk");
  CHECK_FALSE(find("jobs").mailbox);
}

TEST_CASE("an end that no file has named is unexpected when it tells of a deadlock, an error or a standstill",
          "[topology]") {
  const auto otherwise = [](const expectation& wanted, ending_kind ended, std::string text) {
    report came;
    came.ended = ended;
    came.text = std::move(text);
    return compare(wanted, came).size();
  };
  CHECK(otherwise({}, ending_kind::normal, "") == 0);
  CHECK(otherwise({}, ending_kind::time, "") == 0);
  CHECK(otherwise({}, ending_kind::would_deadlock, "/app/a (ask) -> /app/a") == 1);
  CHECK(otherwise({}, ending_kind::gives_up, "more than 1 restart") == 1);
  CHECK(otherwise({}, ending_kind::error, "no memory") == 1);
  CHECK(otherwise({}, ending_kind::time, "everybody waits") == 1);
  expectation wanted;
  wanted.ends = ending_kind::gives_up;
  CHECK(otherwise(wanted, ending_kind::gives_up, "more than 1 restart") == 0);
  expectation of_error;
  of_error.error = "no memory";
  CHECK(otherwise(of_error, ending_kind::error, "no memory") == 0);
}

TEST_CASE("a run whose nodes all wait for each other until its time is over is told as a standstill", "[topology]") {
  const std::filesystem::path file = tests::topology_files::folder("wrong") / "slots_cycle.toml";
  description what = tests::topology_files::parsed(file);
  what.lasts = std::chrono::seconds{3}; // after 5 s asks fail
  const report stuck = run_once(what);
  CHECK(stuck.ended == ending_kind::time);
  CHECK(stuck.text.find("for its last 3s everybody has waited for another, with ") == 0);
  CHECK(stuck.unexpected.size() == 1);
  what.expect.ends = ending_kind::time;
  CHECK(run_once(what).unexpected == std::vector<std::string>{});
  what.expect = {};
  what.nodes[2].parameters["work"] = duration{std::chrono::hours{1}}; // who works long does not stand still
  CHECK(run_once(what).unexpected == std::vector<std::string>{});
  const report idle = run_once(read("[run]\nlasts = \"3s\"\n[node.s]\nkind = \"source\"\nevery = \"1h\"\n"
                                    "[node.t]\nkind = \"sink\"\n[[edge]]\nfrom = \"s\"\nto = \"t\"\n"));
  CHECK(idle.unexpected == std::vector<std::string>{});
}
