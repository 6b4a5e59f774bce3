#include <troupe/observe/snapshot_text.hpp>

#include <tests/catch.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <stdexcept>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct record {
  int value;
};
struct question {
  reply<int> to;
};
using work = message<record, question>;

task<> parses(inbox<work> in) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [](record& each) -> task<> {
          if (each.value < 0)
            throw std::runtime_error("no number");
          co_await sleep_for(10s);
        },
        [](question& asked) { asked.to(1); });
}

task<> asks(actor_ref<work> parser) { co_await parser.ask<question>(); }
task<> sends(actor_ref<work> parser) {
  for (;;)
    co_await parser.tell<record>(1);
}

task<> ingest() {
  const auto block = [](supervisor& top) -> task<> {
    auto parser = co_await top.start_actor({.name = "parser", .capacity = 3}, parses);
    co_await parser.tell<record>(-1); // fails
    co_await sleep_for(1s);
    co_await parser.tell<record>(1);
    co_await sleep_for(1ms);
    co_await top.start({.name = "client"}, asks, parser);
    co_await sleep_for(1ms);
    co_await top.start({.name = "source"}, sends, parser);
    co_await top.run();
  };
  co_await supervise({}, block);
}

task<> app() {
  co_await in_task_group([](task_group& group) { group.start({.name = "ingest"}, ingest); });
}

task<> sleep_a(duration length) { co_await sleep_for(length); }

tree_snapshot snapshot_of_app() {
  simulator sim{{.clock = clock_mode::manual}};
  auto top = make_root(sim, app);
  top->start();
  sim.advance(2s + 202ms);
  tree_snapshot seen = take_snapshot(*top);
  top->cancel();
  sim.advance(1min);
  CHECK(top->has_ended());
  return seen;
}

} // namespace

TEST_CASE("a snapshot as text has a line for each fiber: what it is, and what it waits for", "[observe][G2]") {
  CHECK(to_text(snapshot_of_app()) ==
        "/               waits to join its children for 2.2 s\n"
        "/ingest         supervisor  waits to serve for 1.2 s\n"
        "/ingest/parser  actor  running  1 restart  mailbox 3/3  has record for 1.2 s  waits to sleep for 1.2 s\n"
        "/ingest/client  running  waits to ask (/ingest/parser) for 1.2 s\n"
        "/ingest/source  running  waits to send (/ingest/parser) for 1.2 s\n");
}

TEST_CASE("a snapshot as text tells fibers of one path apart, and leaves nothing of a path outside of its line",
          "[observe][G2]") {
  tree_snapshot seen;
  seen.nodes.resize(4);
  seen.nodes[0].number = 1;
  seen.nodes[1].name = seen.nodes[2].name = "reader";
  seen.nodes[1].number = 2;
  seen.nodes[2].number = 3;
  seen.nodes[2].activity = node_activity::runs;
  seen.nodes[2].stopping = true;
  seen.nodes[3].name = "a\n\x1b[31m";
  CHECK(to_text(seen) == "/                  is ready to run\n"
                         "/reader (fiber 2)  is ready to run\n"
                         "/reader (fiber 3)  runs  is being stopped\n"
                         "/a\\n\\x1b[31m       is ready to run\n");
}

TEST_CASE("what a snapshot as text does not show is counted", "[observe][G2]") {
  tree_snapshot seen;
  CHECK(to_text(seen).empty());
  seen.nodes.resize(3);
  seen.nodes[1].name = "a";
  seen.nodes[2].name = "b";
  seen.omitted = 4;
  seen.abandoned_children = 1;
  seen.abandoned_functions = 2;
  CHECK(to_text(seen, 1, 2) == "  /  is ready to run\n"
                               "  6 more fibers\n"
                               "  1 child that a supervisor has abandoned, not ended\n"
                               "  2 functions left behind by offload_abandon, not returned\n");
}

TEST_CASE("a snapshot as JSON has all that is known of each fiber", "[observe][G2]") {
  const std::string text = to_json(snapshot_of_app());
  INFO(text);
  CHECK(text.find(R"({
  "nodes": [
    {
      "path": "/",
      "number": 1,
      "kind": "group",
      "activity": "waits",
      "stopping": false,
      "wait": {
        "to": "join its children",
        "shielded": true,
        "idle": false,
        "seconds": 2.202
      }
    },
)") == 0);
  CHECK(text.find(R"(
    {
      "path": "/ingest/parser",
      "parent": 1,
      "number": 4,
      "kind": "actor",
      "activity": "waits",
      "stopping": false,
      "state": "running",
      "incarnation": 2,
      "restarts": 1,
      "mailbox": {
        "number": 5,
        "depth": 3,
        "capacity": 3,
        "closed": false
      },
      "in_hand": {
        "type": "(anonymous namespace)::record",
        "seconds": 1.202
      },
      "wait": {
        "to": "sleep",
        "shielded": false,
        "idle": false,
        "seconds": 1.202
      }
    },
)") != std::string::npos);
  CHECK(text.find(R"("wait": {
        "to": "ask",
        "object": 5,
        "on": "/ingest/parser",
)") != std::string::npos);
  CHECK(text.find(R"(  ],
  "omitted": 0,
  "abandoned_children": 0,
  "abandoned_functions": 0
}
)") != std::string::npos);
}

TEST_CASE("a snapshot as JSON replaces what is no UTF-8, and leaves out what is not known", "[observe][G2]") {
  tree_snapshot seen;
  seen.nodes.resize(1);
  seen.nodes[0].in_hand = message_seen{"\xff\"", std::nullopt};
  CHECK(to_json(seen).find("\"type\": \"\xef\xbf\xbd\\\"\"\n") != std::string::npos);
}

TEST_CASE("a snapshot as DOT is a graph of who owns whom and who waits for whom", "[observe][G2]") {
  CHECK(
      to_dot(snapshot_of_app()) ==
      "digraph tree {\n"
      "  n0 [shape=folder, label=\"/\\nwaits to join its children for 2.2 s\"];\n"
      "  n1 [shape=house, label=\"ingest\\nsupervisor  waits to serve for 1.2 s\"];\n"
      "  n0 -> n1;\n"
      "  n3 [shape=box, label=\"parser\\nactor  running  1 restart  mailbox 3/3  has record for 1.2 s  waits to sleep "
      "for 1.2 s\"];\n"
      "  n1 -> n3;\n"
      "  n4 [shape=ellipse, label=\"client\\nrunning  waits to ask (/ingest/parser) for 1.2 s\"];\n"
      "  n1 -> n4;\n"
      "  n5 [shape=ellipse, label=\"source\\nrunning  waits to send (/ingest/parser) for 1.2 s\"];\n"
      "  n1 -> n5;\n"
      "  n4 -> n3 [style=dashed, constraint=false, label=\"ask\"];\n"
      "  n5 -> n3 [style=dashed, constraint=false, label=\"send\"];\n"
      "}\n");
}

TEST_CASE("a snapshot has the children of a supervisor that have ended, are down, back off or are being stopped",
          "[observe][G2]") {
  simulator sim{{.clock = clock_mode::manual}};
  const auto fails = []() -> task<> {
    co_await sleep_for(1s);
    throw std::runtime_error("on purpose");
  };
  const auto ends = []() -> task<> { co_return; };
  const auto cleans_up = []() -> task<> { co_await shield(1h, sleep_a(1h)); };
  auto top = make_root(sim, [&]() -> task<> {
    co_await supervise({.backoff = {.initial = 10s, .jitter = 0}}, [&](supervisor& all) -> task<> {
      co_await all.start({.name = "fails"}, fails);
      co_await all.start({.name = "ends", .restart = restart_type::transient}, ends);
      co_await all.start({.name = "stopped"}, sleep_a, 1h);
      co_await all.start({.name = "cleans_up"}, cleans_up);
      co_await sleep_for(2s);
      co_await all.stop("stopped");
      co_await all.stop("cleans_up");
    });
  });
  top->start();
  sim.advance(2s + 500ms);
  CHECK(to_text(take_snapshot(*top)) == "/           supervisor  waits to change a child of for 500 ms\n"
                                        "/fails      backing_off  waits to be started for 1.5 s\n"
                                        "/ends       ended  waits to be started for 2.5 s\n"
                                        "/stopped    down  waits to be started for 500 ms\n"
                                        "/cleans_up  stopping  waits to sleep for 2.5 s\n");
  top->cancel();
  sim.advance(1h);
  CHECK(top->has_ended());
}
