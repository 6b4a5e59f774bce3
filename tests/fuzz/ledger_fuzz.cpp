// Whatever a client sends to the ledger, in whatever pieces, each line has one answer, in their order and well formed;
// the server goes on, and no money comes or goes. libFuzzer chooses the bytes, the pieces and the schedule, and whether TLS
// is on.

#include <troupe/ledger/server.hpp>

#include <tests/streams/certificates.hpp>

#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_listener.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t accounts = 4, balance = 1'000;
constexpr std::size_t mistakes_max = 4'096; // of the answer to a line of as many bytes, beside those

[[noreturn]] void fail(const std::string& what, std::string_view about) {
  fmt::print(stderr, "{}: {}\n", what, about);
  std::abort();
}

/// How many answers these bytes have, and whether the last of them ends the connection.
struct expected {
  std::size_t answers = 0;
  bool closes = false;
};
expected answers_to(std::string_view bytes) {
  expected all;
  while (!bytes.empty() && !all.closes) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
    if (end != bytes.npos && line.ends_with('\r'))
      line.remove_suffix(1);
    ++all.answers;
    all.closes = line.size() > ledger::line_bytes_max;
  }
  return all;
}

/// @returns whether it closes the connection
bool check(const std::string& line) {
  const auto answer = nlohmann::json::parse(line, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok") || !answer["ok"].is_boolean())
    fail("no answer", line);
  if (line.size() > ledger::line_bytes_max * 2 + mistakes_max)
    fail("a long answer", line);
  if (answer["ok"] == true)
    return false;
  if (!answer.contains("error") || !answer.contains("message"))
    fail("an answer that does not say what is wrong", line);
  return answer["error"] == "too_long";
}

task<> writes(byte_stream& to, std::string_view bytes, std::string_view cuts) {
  for (std::size_t cut = 0; !bytes.empty(); ++cut) {
    const std::size_t length =
        cuts.empty() ? bytes.size() : 1 + static_cast<unsigned char>(cuts[cut % cuts.size()]) * 7U % 200U;
    const std::size_t now = std::min(length, bytes.size());
    co_await to.write(bytes.substr(0, now));
    bytes.remove_prefix(now);
  }
  to.shutdown_write();
}

task<> reads(byte_stream& from, expected told) {
  line_reader lines{from, 65'536};
  std::size_t come = 0;
  bool closes = false;
  while (const std::optional<std::string> line = co_await lines.next()) {
    closes = check(*line);
    ++come;
    if (closes != (told.closes && come == told.answers))
      fail("too_long at the wrong place", *line);
  }
  if (come != told.answers)
    fail("another number of answers than of lines", fmt::format("{} of {}", come, told.answers));
}

/// @param with  null: TLS is off
task<byte_stream> connected(pipe_listener network, const tls_client* with) {
  byte_stream plain = co_await network.connect();
  if (with == nullptr)
    co_return plain;
  byte_stream encrypted = co_await with->connect(std::move(plain), "server.test");
  co_return encrypted;
}

task<> client(pipe_listener network, const tls_client* with, std::string_view bytes, std::string_view cuts) {
  byte_stream over = co_await connected(network, with);
  co_await in_task_group([&](task_group& group) {
    group.start([&]() -> task<> {
      try {
        co_await writes(over, bytes, cuts);
      } catch (const stream_error&) { // after a line that is too long the server reads no more
      }
    });
    group.start(reads, std::ref(over), answers_to(bytes));
  });
  co_await over.close(1s);
}

/// Somebody else, who is served whatever the other one does.
task<> bystander(pipe_listener network, const tls_client* with) {
  byte_stream over = co_await connected(network, with);
  line_reader lines{over, 65'536};
  co_await write_line(over, R"({"op":"transfer","key":"the bystander's","from":0,"to":1,"amount":1})");
  const std::optional<std::string> line = co_await lines.next();
  if (!line || line->find(R"("ok":)") == std::string::npos)
    fail("the bystander was not served", line.value_or("-"));
  co_await over.close(1s);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2)
    return 0;
  static const tls_client trusts{{.authorities_file = tests::test_certificates().authority()}};
  static const tls_server shows{
      {.certificate_file = tests::test_certificates().server(), .key_file = tests::test_certificates().server_key()}};
  const bool is_encrypted = (data[0] & 8) != 0;
  const tls_client* const with = is_encrypted ? &trusts : nullptr;
  const std::size_t cuts_size = std::min<std::size_t>(data[0] % 8, size - 2);
  const std::uint64_t seed = data[1];
  const std::string_view rest{reinterpret_cast<const char*>(data) + 2, size - 2};
  const std::string_view cuts = rest.substr(0, cuts_size), bytes = rest.substr(cuts_size);

  const auto database = std::make_shared<ledger::store>(":memory:");
  database->open_accounts(accounts, balance);
  ledger::server_options options;
  options.service.open = [database] { return database; };
  options.service.capacity = 1 + seed % 5;
  options.service.at_once = 1 + seed % 3;
  options.connections.pipelined_max = 1 + seed % 4;
  options.tls = is_encrypted ? &shows : nullptr;
  ledger::server_counts counts;
  simulator simulated{{.seed = seed}};
  const auto exchange = [&]() -> task<> {
    const pipe_listener network{{.capacity = 1 + seed * 3, .high_water = 1 + seed * 5}};
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server = group.start([&]() -> task<> { co_await ledger::run_server(network, options, counts); });
      co_await in_task_group([&](task_group& clients) {
        clients.start(client, network, with, bytes, cuts);
        clients.start(bystander, network, with);
      });
      server.cancel();
    });
  };
  simulated.run(exchange).value();
  const std::vector<std::int64_t> cents = database->read_balances().cents;
  if (std::accumulate(cents.begin(), cents.end(), std::int64_t{0}) != accounts * balance)
    fail("money", "it is not conserved");
  return 0;
}
