// Children whose end ends their supervisor: cases of OTP's supervisor_SUITE.

#include <troupe/supervision/supervisor.hpp>

#include <tests/catch.hpp>
#include <tests/supervision/children.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("a significant child that is down for whatever reason holds up nothing: the last that runs ends all",
          "[conformance][OTP-059][OTP-060]") {
  enum class down { was_stopped, was_stopped_and_runs_again, was_ignored };
  for (const restart_type type : {restart_type::transient, restart_type::temporary})
    for (const down why : {down::was_stopped, down::was_stopped_and_runs_again, down::was_ignored}) {
      const bool runs_again = why == down::was_stopped_and_runs_again;
      if (type == restart_type::temporary && runs_again)
        continue; // it is forgotten
      const instant left = left_at({.stops = auto_shutdown::all_significant}, [=](supervisor& top) -> task<> {
        const child_spec a{.name = "a", .restart = type, .significant = true};
        const child_spec b{.name = "b", .restart = type, .significant = true};
        if (why == down::was_ignored)
          co_await top.start(a, [](startup) -> task<> { co_return; });
        else
          co_await top.start(a, serving);
        co_await top.start(b, []() -> task<> { co_await sleep_for(2s); });
        co_await sleep_for(1s);
        if (why != down::was_ignored)
          co_await top.stop("a");
        if (runs_again)
          co_await top.restart("a");
        co_await sleep_for(9s);
      });
      INFO(to_string(type) << ", " << static_cast<int>(why));
      CHECK(left == (runs_again ? instant{10s} : instant{2s}));
    }
}
