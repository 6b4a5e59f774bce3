#include <troupe/supervision/supervisor.hpp>

#include "nemesis.hpp"

#include <tests/catch.hpp>

#include <troupe/scope/thread_pool_executor.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("random trees come to rest under any harm on threads, and leave nothing behind",
          "[supervision][A9][A10][stress]") {
  for (std::uint64_t seed = 0; seed < seeds(1'000); ++seed) {
    nemesis tree{seed};
    {
      thread_pool_executor pool{2};
      const outcome<> ended =
          pool.run([&]() -> task<> { static_cast<void>(co_await move_on_after(500us, tree.run())); });
      CHECK_FALSE(ended.has_error());
    }
    REQUIRE(tree.problems() == "");
  }
}
