#include <troupe/streams/pipe_pair.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/task_group.hpp>

#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("what is written to one end of a pipe is read from the other", "[streams]") {
  simulator simulated{in_any_order()};
  simulated
      .run([]() -> task<> {
        stream_pair ends = pipe_pair({.capacity = 7, .high_water = 5});
        std::string got;
        co_await in_task_group([&](task_group& group) {
          group.start([&]() -> task<> {
            const std::size_t accepted = co_await ends.first.write("hello, other side of the pipe\n");
            CHECK(accepted == 30);
            ends.first.shutdown_write();
          });
          group.start([&]() -> task<> {
            got = co_await ends.second.read_until("\n", 100);
            const std::string rest = co_await ends.second.read_to_end(10);
            CHECK(rest == "");
            CHECK(ends.second.at_end());
          });
        });
        CHECK(got == "hello, other side of the pipe\n");
        const std::size_t lost = co_await ends.first.close(1s);
        CHECK(lost == 0);
      })
      .value();
}
