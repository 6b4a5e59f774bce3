// Trio's cases for streams of any kind, on TLS over pipes.

#include <tests/streams/stream_checks.hpp>

#include <tests/catch.hpp>
#include <tests/conformance/encrypted.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("all that holds for streams holds on TLS over pipes", "[conformance][tls]") {
  const tls_client client = trusting_client();
  const tls_server server = trusted_server();
  const pipe_options options{.capacity = 1'000, .high_water = 700};
  const pair_maker make{[&]() -> task<stream_pair> {
                          stream_pair pipe = pipe_pair(options);
                          co_return co_await encrypted(std::move(pipe), client, server);
                        },
                        options.high_water, 30'000};
  for (const stream_check& each : stream_checks()) {
    INFO(each.id << ": " << each.sentence);
    simulator simulated{in_any_order()};
    std::string problem;
    const auto run = [&]() -> task<> {
      const auto ended = co_await as_outcome(fail_after(1h, each.run(make)));
      problem = ended.has_error() ? message_of(ended.error()) : "";
    };
    try {
      simulated.run(run).value();
    } catch (const std::exception& found) {
      problem = found.what();
    }
    CHECK(problem == "");
  }
}
