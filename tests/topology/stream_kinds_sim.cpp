#include <troupe/testing/explore.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::topology;

namespace {

constexpr std::string_view proxied = R"(
[run]
lasts = "1h"
[supervisor.app]
intensity = 1000
[node.c]
kind = "stream_client"
count = 2
items = 2
lines = 2
line_bytes = 9
[node.p]
kind = "stream_proxy"
at_once = 2
reset_every = 3
reset_after = 15
[node.s]
kind = "stream_server"
at_once = 2
[[edge]]
from = "c"
to = "p"
how = "ask"
[[edge]]
from = "p"
to = "s"
how = "ask"
)";

/// Ends are not what is looked at: whatever befalls a connection, nobody hears what was not said.
scenario runs_it() {
  return [](simulation& in) -> task<> {
    static const kinds known = standard_kinds();
    running& all = in.make<running>(*parse(proxied, known).what, known);
    in.at_end([&all]() -> std::string {
      std::string text;
      const report came = all.result();
      for (const std::string& each : came.unbalanced)
        text += each + '\n';
      for (const node_counts& each : came.nodes)
        if (count_of(each, "wrong").value_or(0) != 0)
          text += each.name + " has heard what was not said\n";
      return text;
    });
    co_await run(all);
  };
}

} // namespace

TEST_CASE("connections through a proxy keep their bytes and books under any schedule", "[topology]") {
  const exploration done = explore({.schedules = 200, .time_passes_at_any_moment = false}, runs_it());
  CHECK(done.schedules > 100);
}

TEST_CASE("connections keep their books wherever one is reset, or an actor crashes or is cancelled", "[topology]") {
  const exploration done = sweep({fault::reset, fault::crash, fault::cancel}, runs_it());
  CHECK(done.schedules > 50);
}
