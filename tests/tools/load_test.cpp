#include <troupe/tools/load.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_listener.hpp>
#include <troupe/streams/serve.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tools;
using namespace std::chrono_literals;

namespace {

using nlohmann::json;

/// What a test says that a service does with a request: it returns the answer, an empty one being none at all; "lost"
/// ends the connection.
using service = std::function<task<std::string>(const json& request)>;

std::string committed(const json& request, std::uint64_t transfer, bool repeated = false) {
  json answer{{"ok", true}, {"id", request["id"]}, {"result", "committed"}, {"transfer", transfer}};
  if (repeated)
    answer["repeated"] = true;
  return answer.dump();
}
std::string error(const json& request, const char* name, int retry_after = 0) {
  return json{
      {"ok", false}, {"id", request["id"]}, {"error", name}, {"message", "why"}, {"retry_after_ms", retry_after}}
      .dump();
}

/// Runs a load against it, with the options that `given` changes, in virtual time.
outcome<> load_on(load_run& run, const service& what) {
  simulator simulated{tests::in_any_order()};
  const auto all = [&]() -> task<> {
    const pipe_listener network;
    run.connects = [network] { return network.connect(); };
    const auto answers = [&](byte_stream& over) -> task<> {
      line_reader lines{over, 1'000};
      while (auto line = co_await lines.next()) {
        const json request = json::parse(*line);
        const std::string answer = co_await what(request);
        if (answer == "lost")
          co_return;
        if (!answer.empty())
          co_await write_line(over, answer);
      }
    };
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server = group.start([&]() -> task<> { co_await serve(network, answers, {.drain_limit = 1s}); });
      co_await load(run);
      server.cancel();
    });
  };
  return simulated.run(all);
}

load_options options_for(std::size_t connections, duration lasts) {
  load_options options;
  options.host = "ledger.test";
  options.port = 80;
  options.connections = connections;
  options.lasts = lasts;
  return options;
}

std::uint64_t count_of(const load_run& run, request_end what) { return run.counts.of[static_cast<std::size_t>(what)]; }

} // namespace

TEST_CASE("a load asks on each connection when it is answered, each time with another key", "[tools]") {
  load_run run{options_for(3, 1s)};
  std::map<std::string, int> keys;
  bool are_right = true;
  std::uint64_t transfers = 0;
  const outcome<> ended = load_on(run, [&](const json& request) -> task<std::string> {
    ++keys[request["key"]];
    are_right &= request["op"] == "transfer" && request["from"] != request["to"] && request["from"] >= 0 &&
                 request["from"] < 100 && request["to"] >= 0 && request["to"] < 100 && request["amount"] >= 1 &&
                 request["deadline_ms"] == 500;
    co_await sleep_for(100ms);
    co_return committed(request, ++transfers);
  });
  CHECK(ended.has_value());
  CHECK(are_right);
  CHECK(count_of(run, request_end::committed) == 30);
  CHECK(run.counts.requests() == 30);
  CHECK(keys.size() == 30);
  CHECK((run.counts.committed.quantile(0.5) >= 100ms));
  CHECK((run.counts.committed.max() <= 104ms));
}

TEST_CASE("a request that is told overloaded is tried again with its key, after the pause that it is told", "[tools]") {
  load_options options = options_for(1, 300ms);
  options.retries = 2;
  load_run run{options};
  std::map<std::string, int> tries;
  const outcome<> ended = load_on(run, [&](const json& request) -> task<std::string> {
    const int tried = ++tries[request["key"]];
    // The first request is told so twice, all others for ever.
    co_return tried == 3 && tries.size() == 1 ? committed(request, 1) : error(request, "overloaded", 40);
  });
  CHECK(ended.has_value());
  CHECK(count_of(run, request_end::committed) == 1);
  CHECK((run.counts.committed.max() >= 80ms));
  CHECK((run.counts.committed.max() < 90ms));
  CHECK(count_of(run, request_end::overloaded) == 3); // of 80 ms each, the last one begun before the end
  for (const auto& [key, tried] : tries)
    CHECK(tried == 3);
  CHECK(run.counts.retries == 8);
}

TEST_CASE("a request whose connection is lost is tried again with its key on another one", "[tools]") {
  load_run run{options_for(2, 500ms)};
  std::map<std::string, int> tries;
  const outcome<> ended = load_on(run, [&](const json& request) -> task<std::string> {
    co_await sleep_for(50ms);
    const int tried = ++tries[request["key"]];
    co_return tried == 1 ? "lost" : committed(request, 1, true);
  });
  CHECK(ended.has_value());
  CHECK(count_of(run, request_end::committed) == run.counts.requests());
  CHECK(run.counts.repeated == run.counts.requests());
  CHECK(run.counts.connections_lost == run.counts.requests());
  CHECK(count_of(run, request_end::committed) >= 8);
}

TEST_CASE("what is lost each time, or in doubt, or refused, is counted as such", "[tools]") {
  load_options options = options_for(1, 1s);
  options.retries = 1;
  load_run run{options};
  std::vector<std::string> order;
  const outcome<> ended = load_on(run, [&](const json& request) -> task<std::string> {
    co_await sleep_for(60ms);
    const std::string key = request["key"];
    if (order.empty() || order.back() != key)
      order.push_back(key);
    switch (order.size()) {
    case 1:
      co_return "lost";
    case 2:
      co_return error(request, "in_doubt");
    case 3:
      co_return error(request, "unknown_account");
    case 4:
      co_return error(request, "insufficient_funds");
    default:
      co_return error(request, "shutting_down");
    }
  });
  CHECK(ended.has_value());
  CHECK(count_of(run, request_end::connection_lost) == 1);
  CHECK(count_of(run, request_end::in_doubt) == 1);
  CHECK(count_of(run, request_end::refused) == 1);
  CHECK(count_of(run, request_end::insufficient_funds) == 1);
  CHECK(count_of(run, request_end::shutting_down) >= 9);
  CHECK(run.counts.refused_as == "unknown_account: why");
  CHECK(run.counts.retries == 2);
}

TEST_CASE("who is not answered gives up a moment after the deadline, and an answer that comes later is none",
          "[tools]") {
  load_run run{options_for(1, 1s)};
  int asked = 0;
  const outcome<> ended = load_on(run, [&](const json& request) -> task<std::string> {
    const bool is_late = ++asked == 1; // by more than the deadline and the moment
    const duration takes = is_late ? 700ms : 50ms;
    co_await sleep_for(takes);
    co_return committed(request, 1);
  });
  CHECK(ended.has_value());
  CHECK(count_of(run, request_end::no_answer) == 1);
  CHECK(count_of(run, request_end::committed) == run.counts.requests() - 1);
  CHECK(run.counts.connections_lost == 0);
  CHECK((run.counts.committed.max() >= 150ms)); // the second one, which waited behind the first
  CHECK((run.counts.committed.max() < 500ms));
}

TEST_CASE("requests begin by the clock, and their latency counts from there, also while a stall holds them up",
          "[tools]") {
  load_options options = options_for(1, 2s);
  options.rate = 100;
  options.deadline = 1s;
  load_run run{options};
  int asked = 0;
  const outcome<> ended = load_on(run, [&](const json& request) -> task<std::string> {
    if (++asked == 50)
      co_await sleep_for(400ms);
    co_return committed(request, 1);
  });
  CHECK(ended.has_value());
  CHECK(run.counts.requests() == 200);
  CHECK(count_of(run, request_end::committed) == 200);
  // Forty have come in the stall, and waited for 0 to 400 ms: a client that does not count them sees one that is slow.
  CHECK((run.counts.committed.max() >= 400ms));
  CHECK((run.counts.committed.quantile(0.8) < 50ms));
  CHECK((run.counts.committed.quantile(0.9) >= 150ms));
}

TEST_CASE("a request that waits for a connection for half of its time is not sent, and counted", "[tools]") {
  load_options options = options_for(1, 4s);
  options.rate = 10;
  load_run run{options};
  int asked = 0;
  const outcome<> ended = load_on(run, [&](const json& request) -> task<std::string> {
    ++asked;
    co_await sleep_for(400ms); // four times as long as it may take
    co_return committed(request, 1);
  });
  CHECK(ended.has_value());
  CHECK(run.counts.requests() == 40);
  CHECK(count_of(run, request_end::not_sent) > 10);
  CHECK(static_cast<std::uint64_t>(asked) <= 40 - count_of(run, request_end::not_sent));
}

TEST_CASE("what is no ledger is told with what it says", "[tools]") {
  load_run run{options_for(1, 1s)};
  const outcome<> ended = load_on(run, [](const json&) -> task<std::string> { co_return "HTTP/1.1 400 Bad Request"; });
  REQUIRE(ended.has_error());
  CHECK(message_of(ended.error()).find("ledger.test:80 is no ledger: it answers HTTP/1.1 400 Bad Request") !=
        std::string::npos);
}

TEST_CASE("the same seed asks for the same", "[tools]") {
  const auto asked_with = [](std::uint64_t seed) {
    load_options options = options_for(1, 1s);
    options.seed = seed;
    load_run run{options};
    std::vector<std::string> all;
    CHECK(load_on(run, [&](const json& request) -> task<std::string> {
            co_await sleep_for(100ms);
            all.push_back(request.dump());
            co_return committed(request, 1);
          }).has_value());
    return all;
  };
  const std::vector<std::string> one = asked_with(7);
  CHECK(one.size() == 10);
  CHECK(one == asked_with(7));
  CHECK(one != asked_with(8));
}
