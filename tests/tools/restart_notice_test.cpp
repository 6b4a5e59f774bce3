#include <troupe/tools/restart_notice.hpp>

#include <tests/catch.hpp>

#include <troupe/supervision/tree_event.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a restart is told with its cause, and no more often than every five seconds", "[tools]") {
  std::vector<std::string> said;
  tools::restart_notice notice{[&said](const std::string& sentence) { said.push_back(sentence); }};
  const auto happens = [&](duration at, tree_event_kind what, const char* why) {
    const exit_reason reason{why != nullptr ? exit_kind::failed : exit_kind::normal,
                             why != nullptr ? std::make_exception_ptr(std::runtime_error(why)) : nullptr};
    notice.on_tree_event({.time = instant{at}, .kind = what, .path = "/journal", .reason = reason});
  };
  happens(1s, tree_event_kind::ended, nullptr);
  happens(1s, tree_event_kind::stopped, "in its end");
  CHECK(said.empty());
  happens(1s, tree_event_kind::ended, "the first");
  happens(2s, tree_event_kind::ended, "the second");
  happens(5s, tree_event_kind::ended, "the third");
  REQUIRE(said.size() == 1);
  CHECK_THAT(said[0], ContainsSubstring("/journal has failed: the first\n  the actors are started anew"));
  CHECK_THAT(said[0], !ContainsSubstring("more since"));
  happens(6s, tree_event_kind::ended, "the fourth");
  REQUIRE(said.size() == 2);
  CHECK_THAT(said[1], ContainsSubstring("/journal has failed: the fourth") &&
                          ContainsSubstring("(2 more since the last such line)"));
}
