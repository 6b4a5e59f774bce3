#include <troupe/streams/pipe_listener.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <exception>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("who connects and who accepts get the ends of a pipe, in the order in which they connect", "[streams]") {
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network;
    for (int i = 0; i < 3; ++i) {
      byte_stream near = co_await network.connect();
      co_await near.write(std::to_string(i));
      byte_stream far = co_await network.accept();
      const std::string come = co_await far.read_exactly(1);
      CHECK(come == std::to_string(i));
    }
  };
  simulated.run(run).value();
}

TEST_CASE("a backlog that is full keeps those waiting who connect, and a cancelled accept loses nobody", "[streams]") {
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network{{}, 1};
    const auto nobody = co_await move_on_after(1s, network.accept());
    CHECK_FALSE(nobody);
    byte_stream first = co_await network.connect();
    co_await in_task_group([&](task_group& group) { // not in the fiber that would accept it
      group.start([&]() -> task<> {
        const auto none = co_await move_on_after(1s, network.connect());
        CHECK_FALSE(none);
      });
    });
    byte_stream accepted = co_await network.accept();
    co_await first.write("!");
    const std::string come = co_await accepted.read_exactly(1);
    CHECK(come == "!");
    const auto second = co_await move_on_after(1s, network.connect());
    CHECK(second);
  };
  simulated.run(run).value();
}

TEST_CASE("a listener that is closed refuses who connects, resets who waits, and ends who accepts", "[streams]") {
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network;
    byte_stream waits = co_await network.connect();
    network.close();
    const auto reset = co_await as_outcome(waits.read_exactly(1));
    REQUIRE(reset.has_error());
    CHECK_THROWS_AS(std::rethrow_exception(reset.error()), peer_reset);
    const auto refused = co_await as_outcome(network.connect());
    REQUIRE(refused.has_error());
    CHECK_THROWS_AS(std::rethrow_exception(refused.error()), connect_error);
    const auto ended = co_await as_outcome(network.accept());
    REQUIRE(ended.has_error());
    CHECK_THROWS_AS(std::rethrow_exception(ended.error()), stream_closed);
  };
  simulated.run(run).value();
}
