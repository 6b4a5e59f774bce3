// Trio's cases for streams of any kind, on sockets.

#include <tests/streams/stream_checks.hpp>

#include <tests/catch.hpp>
#include <tests/conformance/encrypted.hpp>
#include <tests/streams/sockets.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Runs all checks on pairs of this maker, and tells of those that do not hold.
void hold_on_sockets(const pair_maker& make) {
  for (const stream_check& each : stream_checks())
    on_sockets([&]() -> task<> {
      const auto ended = co_await as_outcome(fail_after(20s, each.run(make)));
      const std::string problem = ended.has_error() ? message_of(ended.error()) : "";
      INFO(each.id << ": " << each.sentence);
      CHECK(problem == "");
    });
}

} // namespace

TEST_CASE("all that holds for streams holds on sockets", "[conformance][stress]") {
  for (const family of : families)
    for (const std::size_t high_water : {std::size_t{1'000}, std::size_t{65'536}}) {
      INFO((of == family::tcp ? "TCP" : "Unix") << ", high water " << high_water);
      hold_on_sockets({[=]() -> task<stream_pair> { return connected_pair(of, high_water); }, high_water});
    }
}

TEST_CASE("all that holds for streams holds on TLS over sockets", "[conformance][stress]") {
  const tls_client client = trusting_client();
  const tls_server server = trusted_server();
  for (const family of : families) {
    INFO((of == family::tcp ? "TCP" : "Unix"));
    hold_on_sockets({[&]() -> task<stream_pair> {
                       stream_pair plain = co_await connected_pair(of);
                       co_return co_await encrypted(std::move(plain), client, server);
                     },
                     65'536});
  }
}
