// asyncio's cases about servers: their connections, and what goes wrong with one of them.

#include <troupe/streams/serve.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/pipe_listener.hpp>

#include <chrono>
#include <exception>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using handler = task<> (*)(byte_stream&);

/// Serves while `client` runs, and stops then. How often it has heard of a handler that failed.
template <class Client>
int failures_beside(handler serves, Client client) {
  int failures = 0;
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network;
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server =
          group.start(serve<pipe_listener, handler>, network, serves,
                      serve_options{.drain_limit = 1s, .on_failure = [&](const std::exception_ptr&) { ++failures; }});
      byte_stream over = co_await network.connect();
      co_await client(over);
      server.cancel();
      co_await server.wait_ended();
      const auto late = co_await as_outcome(network.connect());
      CHECK(late.has_error());
    });
  };
  simulated.run(run).value();
  return failures;
}

} // namespace

TEST_CASE("a handler that leaves its connection open has it closed, and what it wrote arrives",
          "[conformance][ST-071]") {
  const handler leaves = [](byte_stream& over) -> task<> { co_await over.write("hello"); };
  const int failures = failures_beside(leaves, [](byte_stream& over) -> task<> {
    const std::string all = co_await over.read_to_end(10);
    CHECK(all == "hello");
  });
  CHECK(failures == 0);
}

TEST_CASE("a handler that is cancelled is none that has failed", "[conformance][ST-073]") {
  const handler never_ends = [](byte_stream& over) -> task<> {
    co_await over.write("hello");
    co_await sleep_for(24h);
  };
  const int failures = failures_beside(never_ends, [](byte_stream& over) -> task<> {
    const std::string hello = co_await over.read_exactly(5);
    CHECK(hello == "hello");
  });
  CHECK(failures == 0);
}
