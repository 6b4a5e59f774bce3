#include <troupe/supervision/supervisor.hpp>

#include "children.hpp"

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

task<> starting_slowly(startup up) {
  co_await sleep_for(1ms);
  up.started();
  co_await serve_for_ever();
}

} // namespace

TEST_CASE("whoever starts children is stopped by a cancel at any step, and not told that its supervisor stops",
          "[supervision][A8]") {
  for (std::uint64_t seed = 0; seed < seeds(50); ++seed)
    static_cast<void>(cancelled_at_every_step(seed, clock_mode::autojump, [](simulation_options options) {
      simulator simulated{options};
      const outcome<> ended = simulated.run([]() -> task<> {
        co_await supervise({}, [](supervisor& top) -> task<> {
          co_await top.start({.name = "a"}, serving);
          co_await top.start({.name = "b"}, starting_slowly);
          co_await top.stop("a");
          co_await top.restart("a");
        });
      });
      INFO((ended.has_error() ? message_of(ended.error()) : std::string()));
      REQUIRE_FALSE(ended.has_error());
      return simulated.steps();
    }));
}
