#include <troupe/observe/metrics_text.hpp>

#include <tests/catch.hpp>

#include <cstdio>
#include <cstdlib>

using namespace troupe;

namespace {

std::string metrics() {
  tree_snapshot seen;
  for (const char* name : {"", "a\"b\\c\nd", "twin", "twin"}) {
    tree_node node;
    node.name = name;
    node.number = seen.nodes.size() + 1;
    if (*name != '\0') {
      node.state = "running";
      node.incarnation = 3;
      node.mailbox = mailbox_seen{0, 2, 16, false};
    }
    seen.nodes.push_back(std::move(node));
  }
  flow_seen flow{"jobs", {}, {}, {}};
  flow.counts.sent = 12'345'678'901;
  flow.counts.dropped[0] = 4;
  return metrics_text(scene_maker{100}.make(seen, {flow}, 0), {}, {});
}

} // namespace

TEST_CASE("metrics escape their labels, and add up what has the same ones", "[observe]") {
  const std::string text = metrics();
  CHECK(text.find("troupe_child_restarts_total{path=\"/a\\\"b\\\\c\\nd\"} 2\n") != text.npos);
  CHECK(text.find("troupe_child_restarts_total{path=\"/twin\"} 4\n") != text.npos);
  CHECK(text.find("troupe_flow_items_sent_total{flow=\"jobs\"} 12345678901\n") != text.npos);
  CHECK(text.find("troupe_flow_items_dropped_total{flow=\"jobs\",reason=\"send_cancelled\"} 4\n") != text.npos);
}

TEST_CASE("promtool finds nothing wrong with the metrics", "[observe]") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    WARN("promtool is not installed (Debian: prometheus), so it was not asked");
    return;
  }
  std::FILE* const promtool = popen("promtool check metrics", "w");
  REQUIRE(promtool != nullptr);
  std::fputs(metrics().c_str(), promtool);
  CHECK(pclose(promtool) == 0);
}
