#include <troupe/program/host_and_port.hpp>
#include <troupe/program/top.hpp>

#include <tests/catch.hpp>

#include <troupe/observe/observer.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <unistd.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

/// What is written to standard output meanwhile: little enough for a pipe.
std::string output_of(const std::function<void()>& call) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  std::fflush(stdout);
  const int before = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  close(ends[1]);
  call();
  dup2(before, STDOUT_FILENO);
  close(before);
  std::string text(60'000, '\0');
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

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
  const std::string frame = output_of([&] { code = top(asked); });
  CHECK(code == exit_code::ok);
  CHECK(frame == "shop  2 fibers  0 restarts\n○ /     ready\n  ● db  running\n");
  asked.as_json = true;
  CHECK(output_of([&] { top(asked); }).starts_with("{\"at\":"));
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
