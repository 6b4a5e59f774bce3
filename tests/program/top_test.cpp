#include <troupe/program/host_and_port.hpp>
#include <troupe/program/top.hpp>

#include <tests/catch.hpp>
#include <tests/program/printed.hpp>

#include <troupe/observe/observer.hpp>

#include <cstdlib>
#include <string>

using namespace troupe;
using namespace troupe::tools;
using namespace troupe::tests;

namespace {

observed small_tree() {
  const auto look = [] {
    tree_snapshot seen;
    for (const char* name : {"", "db"}) {
      tree_node& node = seen.nodes.emplace_back();
      node.name = name;
      node.number = seen.nodes.size();
      node.state = *name != '\0' ? "running" : "";
    }
    return seen;
  };
  return {.tree = look, .title = "shop"};
}

} // namespace

TEST_CASE("top prints one frame of a running observer, or what it has as JSON", "[tools]") {
  observer live;
  const observation seen = live.attach(small_tree());
  top_options asked{.host = "127.0.0.1", .once = true};
  asked.port = static_cast<std::uint16_t>(std::atoi(live.url().c_str() + live.url().rfind(':') + 1));
  exit_code code = exit_code::failed;
  const std::string frame = printed_by([&] { code = top(asked); });
  CHECK(code == exit_code::ok);
  CHECK(frame == "shop  2 fibers  0 restarts\n○ /     ready\n  ● db  running\n");
  asked.as_json = true;
  CHECK(printed_by([&] { top(asked); }).starts_with("{\"at\":"));
}

TEST_CASE("who cannot be reached is told in the words of the system", "[tools]") {
  const observer there;
  const std::string url = there.url();
  const auto port = static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1));
  CHECK(why_unreachable({"127.0.0.1", port}) == std::nullopt);
  CHECK(why_unreachable({"127.0.0.1", 9}) == "Connection refused");
}

TEST_CASE("top says who does not answer", "[tools]") {
  std::uint16_t port = 0;
  {
    const observer gone;
    port = static_cast<std::uint16_t>(std::atoi(gone.url().c_str() + gone.url().rfind(':') + 1));
  }
  CHECK(top({.host = "127.0.0.1", .port = port, .once = true}) == exit_code::failed);
}
