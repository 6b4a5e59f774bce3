#include <troupe/observe/scene.hpp>

#include <tests/catch.hpp>

#include <troupe/observe/scene_json.hpp>
#include <troupe/observe/scene_text.hpp>

#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

tree_node node(std::size_t parent, std::string name, std::uint64_t number, std::string_view state = {}) {
  tree_node made;
  made.parent = parent;
  made.name = std::move(name);
  made.number = number;
  made.state = state;
  made.incarnation = state.empty() ? 0 : 1;
  return made;
}

wait_seen wait_on(std::string_view to, std::size_t on) {
  wait_seen wait;
  wait.to = to;
  wait.on = on;
  wait.lasts = 1s;
  return wait;
}

tree_snapshot pool_of(std::size_t children) {
  tree_snapshot seen;
  seen.nodes.push_back(node(0, "", 1));
  for (std::size_t at = 0; at != children; ++at)
    seen.nodes.push_back(node(0, "worker-" + std::to_string(at), 2 + at, "running"));
  return seen;
}

flow_seen flow_of(std::uint64_t sent) {
  flow_seen flow{"jobs", {"/a"}, {"/b"}, {}};
  flow.counts.sent = sent;
  flow.counts.capacity = 10;
  flow.counts.depth = 10;
  flow.counts.senders_waiting = 2;
  return flow;
}

scene scene_of(const tree_snapshot& seen) { return scene_maker{100}.make(seen, {}, 0); }

} // namespace

TEST_CASE("of 5000 children those are shown that back off, and one node stands for the rest", "[observe]") {
  tree_snapshot seen = pool_of(5'000);
  seen.nodes[4'321].state = "backing_off";
  seen.nodes[4'321].incarnation = 4;
  const scene made = scene_of(seen);
  CHECK(made.nodes.size() == 1 + detail::shown_of_many + 1);
  CHECK(std::any_of(made.nodes.begin(), made.nodes.end(), [](const auto& each) { return each.name == "worker-4320"; }));
  const scene_node& rest = made.nodes.back();
  REQUIRE(rest.fold);
  CHECK(rest.fold->children == 5'000 - detail::shown_of_many);
  CHECK(rest.fold->states.at("running") == 5'000 - detail::shown_of_many);
  CHECK(rest.parent == 1);
}

TEST_CASE("a parent with no more children than may be shown is not folded", "[observe]") {
  CHECK(scene_of(pool_of(100)).nodes.size() == 101);
}

TEST_CASE("what lies below a child that is not shown is counted with it", "[observe]") {
  tree_snapshot seen = pool_of(200);
  seen.nodes.push_back(node(200, "deep", 999)); // of the last one, which is not shown
  const scene made = scene_of(seen);
  CHECK(made.nodes.back().fold->children == 200 - detail::shown_of_many);
  CHECK(made.nodes.back().fold->fibers == 200 - detail::shown_of_many + 1);
}

TEST_CASE("two that ask each other are a cycle once it has lasted for two scenes", "[observe]") {
  tree_snapshot seen = pool_of(3);
  seen.nodes[1].wait = wait_on("ask", 2);
  seen.nodes[2].wait = wait_on("ask", 1);
  seen.nodes[3].wait = wait_on("ask", 1);
  scene_maker scenes{100};
  CHECK(scenes.make(seen, {}, 0).cycles.empty());
  CHECK(scenes.make(seen, {}, 100).cycles == std::vector<std::vector<std::uint64_t>>{{2, 3}});
}

TEST_CASE("a handler that asks its own actor, which joins it, is a cycle", "[observe]") {
  tree_snapshot seen = pool_of(1);
  seen.nodes.push_back(node(1, "handler", 9));
  seen.nodes[1].wait.emplace();
  seen.nodes[1].wait->to = "join its children";
  seen.nodes[2].wait = wait_on("ask", 1);
  CHECK(detail::wait_cycles(seen) == std::vector<std::vector<std::size_t>>{{1, 2}});
}

namespace {

/// 1 and 2 each have two handlers, which ask the other one, and wait for one of them to end.
tree_snapshot two_with_handlers() {
  tree_snapshot seen = pool_of(2);
  for (std::size_t of = 1; of != 3; ++of) {
    seen.nodes[of].wait = wait_on("reserve", of);
    for (std::size_t each = 0; each != 2; ++each) {
      seen.nodes.push_back(node(of, "handler", 10 * of + each));
      seen.nodes.back().wait = wait_on("ask", 3 - of);
    }
  }
  return seen;
}

} // namespace

TEST_CASE("two whose handlers all ask the other one are a cycle, while one that does not could end it", "[observe]") {
  tree_snapshot seen = two_with_handlers();
  CHECK(detail::wait_cycles(seen) == std::vector<std::vector<std::size_t>>{{1, 2, 3, 4, 5, 6}});
  CHECK(scene_of(seen).nodes[1].wait->to == "wait for one of its handlers");
  seen.nodes[6].wait = wait_on("sleep", 6);
  CHECK(detail::wait_cycles(seen).empty());
}

TEST_CASE("who asks several that share a mailbox is in a cycle once none of them can go on", "[observe]") {
  tree_snapshot seen = pool_of(3);
  seen.nodes[1].mailbox = seen.nodes[2].mailbox = mailbox_seen{7, 0, 10, false};
  seen.nodes[3].wait = wait_on("ask", 1);
  seen.nodes[3].wait->object = 7;
  seen.nodes[1].wait = wait_on("ask", 3);
  CHECK(detail::wait_cycles(seen).empty());
  seen.nodes[2].wait = wait_on("ask", 3);
  CHECK(detail::wait_cycles(seen) == std::vector<std::vector<std::size_t>>{{1, 2, 3}});
}

TEST_CASE("who waits at its own mailbox is no cycle", "[observe]") {
  tree_snapshot seen = pool_of(1);
  seen.nodes[1].wait = wait_on("receive", 1);
  CHECK(detail::wait_cycles(seen).empty());
}

TEST_CASE("a rate is what was sent in between, by the seconds", "[observe]") {
  scene_maker scenes{100};
  scenes.make(pool_of(1), {flow_of(0)}, 0);
  scene made;
  for (int second = 1; second <= 20; ++second)
    made = scenes.make(pool_of(1), {flow_of(static_cast<std::uint64_t>(100 * second))}, second * 1'000);
  CHECK(made.flows[0].sent_per_second > 99);
  CHECK(made.flows[0].sent_per_second < 100.1);
}

TEST_CASE("a scene in which nothing happens is the same as the one before", "[observe]") {
  tree_snapshot seen = pool_of(2);
  seen.nodes[1].wait = wait_on("sleep", 0);
  scene_maker scenes{100};
  const scene_parts before = parts_of(scenes.make(seen, {}, 0));
  seen.nodes[1].wait->lasts = 1'150ms; // the clock by which it is dated is read now and then
  CHECK(difference(before, parts_of(scenes.make(seen, {}, 100))).empty());
  seen.nodes[1].wait->to = "receive";
  seen.nodes.pop_back();
  const std::string changed = difference(before, parts_of(scenes.make(seen, {}, 200)));
  CHECK(changed.find("\"to\":\"receive\"") != changed.npos);
  CHECK(changed.find("\"gone\":[3]") != changed.npos);
}

TEST_CASE("a scene that is written as JSON can be read again", "[observe]") {
  tree_snapshot seen = pool_of(200);
  tree_node& first = seen.nodes[1]; // nothing of it as it is by itself, or what gets lost would not be missed
  first.mailbox = mailbox_seen{4, 3, 16, true};
  first.in_hand = message_seen{"order", 5ms};
  first.wait = wait_on("ask", 2);
  first.wait->shielded = first.wait->idle = first.stopping = true;
  flow_seen flow = flow_of(7);
  flow.counts = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 11, {}, true};
  for (std::size_t why = 0; why != drop_reasons; ++why)
    flow.counts.dropped[why] = 20 + why;
  scene made = scene_maker{100}.make(seen, {flow}, 2'000);
  made.flows[0].sent_per_second = 12;
  made.flows[0].settled_per_second = 34;
  made.title = "shop";
  made.control = true;
  made.cycles = {{2, 3}, {4, 5}};
  made.omitted = 1;
  made.abandoned_children = 2;
  made.abandoned_functions = 3;
  const std::string text = to_json(parts_of(made));
  const auto read = read_scene(text);
  REQUIRE(read);
  CHECK(to_json(parts_of(*read)) == text);
  CHECK(!read_scene("{\"at\":1}"));
  CHECK(!read_scene("no json"));
}

TEST_CASE("a frame of text has bars, restarts, waits and what flows", "[observe]") {
  tree_snapshot seen = pool_of(2);
  seen.nodes[1].mailbox = mailbox_seen{4, 50, 100, false};
  seen.nodes[1].incarnation = 3;
  seen.nodes[2].wait = wait_on("send", 1);
  scene made = scene_maker{100}.make(seen, {flow_of(0)}, 0);
  made.title = "shop";
  CHECK(frame_text(made, {100, 20, false}) == "shop  3 fibers  2 restarts\n"
                                              "○ /           ready\n"
                                              "  ● worker-0  running  2 restarts  ████░░░░ 50/100\n"
                                              "  ● worker-1  running  waits to send (/worker-0)\n"
                                              "\n"
                                              "jobs     0/s  ████████ 10/10  2 senders wait\n");
  const std::string coloured = frame_text(made, {100, 20, true});
  CHECK(coloured.find("\x1b[31m████████\x1b[0m 10/10") != coloured.npos); // it is full
}

TEST_CASE("a frame says at which flow somebody waits, where that is the only one it can be", "[observe]") {
  tree_snapshot seen = pool_of(2);
  seen.nodes[1].wait.emplace();
  seen.nodes[1].wait->to = "send";
  seen.nodes.push_back(node(1, "helper", 9));
  seen.nodes[3].wait.emplace();
  seen.nodes[3].wait->to = "ask";
  flow_seen jobs = flow_of(0);
  jobs.from = {"/worker-0"};
  flow_seen others{"others", {"/worker-1"}, {"/worker-0"}, {}};
  const std::string frame = frame_text(scene_maker{100}.make(seen, {jobs, others}, 0), {100, 20, false});
  CHECK(frame.find("worker-0  running  waits to send (jobs)\n") != frame.npos);
  CHECK(frame.find("helper  waits to ask (jobs)\n") != frame.npos); // who works for it
  others.from.push_back("/worker-0");
  const std::string two = frame_text(scene_maker{100}.make(seen, {jobs, others}, 0), {100, 20, false});
  CHECK(two.find("worker-0  running  waits to send\n") != two.npos);
}

TEST_CASE("a frame keeps within its lines and columns, and counts the rest", "[observe]") {
  tree_snapshot seen = pool_of(50);
  for (std::size_t at = 1; at != seen.nodes.size(); ++at)
    seen.nodes[at].name = std::string(at, 'x'); // of which no two are of a kind
  const std::string frame = frame_text(scene_of(seen), {12, 10, false});
  CHECK(std::count(frame.begin(), frame.end(), '\n') == 10);
  CHECK(frame.find("... and 43 mo\n") == frame.npos); // cut to 12
  CHECK(frame.find("... and 43 m\n") != frame.npos);
  for (std::size_t lines = 1; lines != 12; ++lines) {
    const std::string small = frame_text(scene_of(seen), {80, lines, false});
    CHECK(std::count(small.begin(), small.end(), '\n') == static_cast<std::ptrdiff_t>(lines));
  }
}

TEST_CASE("siblings that are of a kind are folded where there is no room for all, and who needs it is shown",
          "[observe]") {
  tree_snapshot seen = pool_of(50);
  seen.nodes[40].state = "backing_off";
  seen.nodes[40].incarnation = 4;
  seen.nodes.push_back(node(0, "store", 99));
  const scene made = scene_of(seen);
  CHECK(frame_text(made, {80, 8, false}) == "  52 fibers  3 restarts\n"
                                            "○ /            ready\n"
                                            "  ● worker-0   running\n"
                                            "  ● worker-1   running\n"
                                            "  ● worker-2   running\n"
                                            "  ▲ worker-39  backing_off  3 restarts\n"
                                            "  ▤ 46 more    46 running\n"
                                            "  ○ store      ready\n");
  const std::string all = frame_text(made, {80, 53, false});
  CHECK(all.find("more") == all.npos);
}
