// The topologies that come with the program, in real time: all at once, for about three seconds.

#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>
#include <tests/topology/files.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::topology;

TEST_CASE("each built-in topology does what it expects of itself on threads, too", "[topology][stress]") {
  const kinds known = standard_kinds();
  std::vector<std::unique_ptr<running>> all;
  for (const std::filesystem::path& each : tests::topology_files::in("../../topologies"))
    all.push_back(std::make_unique<running>(*parse(tests::topology_files::read(each), known).what, known));
  thread_pool_executor pool{2};
  pool.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) {
          for (const std::unique_ptr<running>& each : all)
            group.start([](running& what) -> task<> { co_await run(what); }, std::ref(*each));
        });
      })
      .value();
  for (const std::unique_ptr<running>& each : all) {
    const report came = each->result();
    INFO(each->described().title << ": ended as " << to_string(came.ended) << ", " << came.text);
    CHECK(came.unbalanced == std::vector<std::string>{});
    CHECK(came.unexpected == std::vector<std::string>{});
  }
}
