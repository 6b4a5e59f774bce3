// The topology files on threads: each deadlock is found there too, and what is none comes to its end.

#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::topology;
namespace files = troupe::tests::topology_files;

namespace {

report run_on(thread_pool_executor& pool, const description& what) {
  const kinds known = standard_kinds();
  running all{what, known};
  pool.run([&]() -> task<> { co_await topology::run(all); }).value();
  return all.result();
}

/// A sleep is longer on threads than it says, so what is expected of an order in time does not hold there.
bool sleeps(const description& what) {
  return std::any_of(what.nodes.begin(), what.nodes.end(),
                     [](const node_description& each) { return each.parameters.contains("every") || each.deadline; });
}

} // namespace

TEST_CASE("deadlocks that other projects had fail on threads too, with the cycle", "[topology][stress][C4]") {
  thread_pool_executor pool{4};
  for (const auto& path : files::in("deadlocks")) {
    const description what = files::parsed(path);
    if (what.expect.cycle.empty()) // which one it is, or whether there is one at all, depends on the order
      continue;
    const report came = run_on(pool, what);
    INFO(path.filename() << ": " << to_string(came.ended) << " " << came.text);
    CHECK(came.unexpected == std::vector<std::string>{});
    CHECK(came.unbalanced == std::vector<std::string>{});
  }
}

TEST_CASE("what looks like a deadlock and is none comes to its end on threads too", "[topology][stress][C4]") {
  thread_pool_executor pool{4};
  for (const auto& path : files::in("sound")) {
    const description what = files::parsed(path);
    if (sleeps(what))
      continue;
    const report came = run_on(pool, what);
    INFO(path.filename() << ": " << to_string(came.ended) << " " << came.text);
    CHECK(came.unexpected == std::vector<std::string>{});
    CHECK(came.unbalanced == std::vector<std::string>{});
  }
}
