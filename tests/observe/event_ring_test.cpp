#include <troupe/observe/event_ring.hpp>

#include <tests/catch.hpp>

#include <stdexcept>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

tree_event event_of(std::string_view path, tree_event_kind kind = tree_event_kind::started) {
  tree_event made{instant{} + 2s, kind, path};
  made.incarnation = 1;
  return made;
}

} // namespace

TEST_CASE("who comes back gets the events after the last one that it had", "[observe]") {
  event_ring ring{10};
  for (const char* path : {"/a", "/b", "/c"})
    ring.on_tree_event(event_of(path));
  ring.collect();
  const auto later = ring.since(1);
  REQUIRE(later.size() == 2);
  CHECK(later[0]->path == "/b");
  CHECK(ring.since(3).empty());
  CHECK(ring.newest() == 3);
}

TEST_CASE("only the newest events are kept, also while nobody collects them, and all are counted", "[observe]") {
  event_ring ring{3};
  for (int round = 0; round != 2; ++round) {
    for (int i = 0; i != 5; ++i)
      ring.on_tree_event(event_of("/a"));
    CHECK(ring.uncollected() == 3);
    ring.collect();
    CHECK(ring.uncollected() == 0);
    CHECK(ring.since(0).size() == 3);
  }
  CHECK(ring.since(0).front()->sequence == 8);
  CHECK(ring.counts()[static_cast<std::size_t>(tree_event_kind::started)] == 10);
}

TEST_CASE("an event tells in words what has failed, and says what is no UTF-8 all the same", "[observe]") {
  event_ring ring{3};
  tree_event failed = event_of("/a\xff", tree_event_kind::ended);
  failed.reason = {exit_kind::failed, std::make_exception_ptr(std::runtime_error("no \"luck\""))};
  ring.on_tree_event(failed);
  ring.collect();
  CHECK(to_json(ring.since(0), instant{}) ==
        "[{\"sequence\":1,\"at\":2000,\"kind\":\"ended\",\"path\":\"/a\xef\xbf\xbd\",\"incarnation\":1,"
        "\"words\":\"failed: no \\\"luck\\\"\",\"failed\":true}]");
}

TEST_CASE("a ring takes no events of fibers, so that these pay nothing", "[observe]") {
  event_ring ring{3};
  CHECK_FALSE(ring.takes_fiber_events());
  CHECK_FALSE(ring.takes_details());
}
