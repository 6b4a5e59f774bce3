#include <troupe/testing/explore.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::topology;

namespace {

constexpr std::string_view small = R"(
[run]
lasts = "1h"
[supervisor.app]
intensity = 1000
[node.read]
kind = "source"
items = 4
[node.parse]
kind = "stage"
count = 2
[node.store]
kind = "sink"
[node.ask]
kind = "client"
items = 2
[node.serve]
kind = "server"
commit = "1ms"
shield = "1s"
[[edge]]
from = "read"
to = "parse"
capacity = 1
[[edge]]
from = "parse"
to = "store"
capacity = 1
[[edge]]
from = "ask"
to = "serve"
how = "ask"
)";

scenario runs_it() {
  return [](simulation& in) -> task<> {
    static const kinds known = standard_kinds();
    running& all = in.make<running>(*parse(small, known).what, known);
    in.at_end([&all]() -> std::string {
      std::string text;
      for (const std::string& each : all.result().unbalanced)
        text += each + '\n';
      return text;
    });
    co_await run(all);
  };
}

} // namespace

TEST_CASE("the books of a topology balance under any schedule", "[topology]") {
  const exploration done = explore({.schedules = 300}, runs_it());
  CHECK(done.schedules > 200);
}

TEST_CASE("the books of a topology balance wherever an actor crashes or is cancelled", "[topology]") {
  const exploration done = sweep({fault::crash, fault::cancel, fault::cancel_all}, runs_it());
  CHECK(done.schedules > 100);
}
