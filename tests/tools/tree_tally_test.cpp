#include <troupe/tools/tree_tally.hpp>

#include <tests/catch.hpp>

#include <stdexcept>

using namespace troupe;
using namespace troupe::tools;

namespace {

using kind = tree_event_kind;

void tell(tree_tally& tally, kind what, std::string_view path, std::uint64_t incarnation,
          exit_kind how = exit_kind::normal) {
  tally.on_tree_event({.time = {}, .kind = what, .path = path, .incarnation = incarnation, .reason = {how, nullptr}});
}

} // namespace

TEST_CASE("a tally counts the runs of each path, and how they end", "[tools]") {
  tree_tally tally;
  tell(tally, kind::begun, "/a", 1);
  tell(tally, kind::started, "/a", 1);
  tell(tally, kind::ended, "/a", 1, exit_kind::failed);
  tell(tally, kind::restarting, "/a", 1);
  tell(tally, kind::begun, "/a", 2);
  tell(tally, kind::begun, "/b", 1);
  tell(tally, kind::gave_up, "/", 2);
  tell(tally, kind::stopping, "/b", 1);
  tell(tally, kind::killed, "/b", 1);
  tell(tally, kind::abandoned, "/b", 1);
  tell(tally, kind::forgotten, "/b", 1);
  tell(tally, kind::stopped, "/a", 2, exit_kind::killed);
  CHECK(tally.faults().empty());
  CHECK(tally.of("/a").starts == 2);
  CHECK(tally.of("/a").restarts == 1);
  CHECK(tally.of("/a").failures == 1); // a kill is none: nobody threw anything
  CHECK(tally.of("/").escalations == 1);
  CHECK(tally.of("/c").starts == 0);
  const path_counts total = tally.total();
  CHECK(total.starts == 3);
  CHECK(total.ended == 1);
  CHECK(total.stopped == 1);
  CHECK(total.abandoned == 1);
}

TEST_CASE("a path whose supervisor was started anew has a first run again", "[tools]") {
  tree_tally tally;
  for (int i = 0; i < 2; ++i) {
    tell(tally, kind::begun, "/a/b", 1);
    tell(tally, kind::stopped, "/a/b", 1, exit_kind::cancelled);
  }
  CHECK(tally.faults().empty());
  CHECK(tally.of("/a/b").starts == 2);
  CHECK(tally.of("/a/b").restarts == 0);
}

TEST_CASE("a tally notes a run that has no end, two of them, or one of another run", "[tools]") {
  tree_tally tally;
  tell(tally, kind::begun, "/open", 1);
  tell(tally, kind::begun, "/twice", 1);
  tell(tally, kind::ended, "/twice", 1);
  tell(tally, kind::stopped, "/twice", 1);
  tell(tally, kind::begun, "/both", 1);
  tell(tally, kind::begun, "/both", 2);
  tell(tally, kind::ended, "/both", 1);
  const std::vector<std::string> faults = tally.faults();
  REQUIRE(faults.size() == 4);
  CHECK(faults[0] == "/twice #1: stopped while nothing of it ran");
  CHECK(faults[1] == "/both #2: begun while #1 ran");
  CHECK(faults[2] == "/both #1: ended while #2 ran");
  CHECK(faults[3] == "/open #1: it has no end");
}
