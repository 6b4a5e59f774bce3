// A disk that is full, or away, for a time: what clients are told, and that nothing is lost, done twice or started anew.

#include "beside_a_ledger.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using cause = ledger::store_error::cause;

constexpr const char* no_storage = R"("error":"storage")";

/// What a run of the service has said to the people who run it.
struct notices {
  std::vector<std::string> all;

  ledger::server_options options() {
    ledger::server_options made;
    made.service.says = [this](const std::string& sentence) { all.push_back(sentence); };
    return made;
  }
};

} // namespace

TEST_CASE("a full disk is told for as long as it stays full, without a restart, and then all is served", "[ledger]") {
  notices said;
  const std::string failure = beside_a_ledger(said.options(), [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    const std::string before = co_await one.ask(transfer_line("before", 10));
    CHECK(has(before, R"("result":"committed")"));
    in.database.cause = cause::storage;
    in.database.fails_before = 1'000'000;
    for (int i = 0; i < 300; ++i) { // a minute, and the sixth restart in half of that would be one too many
      const std::string told = co_await one.ask(transfer_line("d" + std::to_string(i)));
      CHECK(has(told, no_storage));
      co_await sleep_for(200ms);
    }
    const std::string health = co_await one.ask(R"({"op":"health"})");
    CHECK(has(health, R"("status":"no_storage")"));
    CHECK(has(health, R"("restarts":0,)"));
    const std::string balance = co_await one.ask(R"({"op":"balance","account":1})"); // that is in memory
    CHECK(has(balance, R"("balance":1010)"));
    in.database.fails_before = 0;
    co_await sleep_for(3s);
    const std::string after = co_await one.ask(transfer_line("d0", 5));
    CHECK(has(after, R"("result":"committed","transfer":2)"));
    CHECK_FALSE(has(after, "repeated"));
    const std::string well = co_await one.ask(R"({"op":"health"})");
    CHECK(has(well, R"("status":"serving")"));
    co_await one.stream().close(1s);
  });
  CHECK(failure.empty());
  REQUIRE(said.all.size() == 2); // once each
  CHECK(has(said.all[0], "the disk is full"));
  CHECK(has(said.all[1], "can be written again"));
}

TEST_CASE("a database that stays full is left alone for longer and longer, 2 s at most", "[ledger]") {
  beside_a_ledger({}, [](ledger_run& in) -> task<> {
    in.database.cause = cause::storage;
    in.database.fails_before = 1'000'000;
    client one{co_await in.network.connect()};
    for (int i = 0; i < 300; ++i) {
      const std::string told = co_await one.ask(transfer_line(std::to_string(i)));
      CHECK(has(told, no_storage));
      co_await sleep_for(100ms);
    }
    CHECK(in.database.batches >= 15); // after 0.2, 0.6, 1.4, 3 s, and then each 2 s
    CHECK(in.database.batches <= 20);
    co_await one.stream().close(1s);
  });
}

TEST_CASE("a commit that is in doubt because of the disk is known, and in its accounts, when that is back",
          "[ledger]") {
  beside_a_ledger({}, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    in.database.cause = cause::storage;
    in.database.fails_after = 1;
    const std::string doubt = co_await one.ask(transfer_line("doubt", 10));
    in.database.fails_to_open = 3;
    CHECK(has(doubt, R"("error":"in_doubt")"));
    const std::string unknown = co_await one.ask(R"({"op":"status","key":"doubt"})");
    CHECK(has(unknown, no_storage));
    co_await sleep_for(5s);
    const std::string status = co_await one.ask(R"({"op":"status","key":"doubt"})");
    CHECK(has(status, R"("result":"committed","transfer":1)"));
    const std::string balance = co_await one.ask(R"({"op":"balance","account":1})");
    CHECK(has(balance, R"("balance":1010)"));
    const std::string again = co_await one.ask(transfer_line("doubt", 10));
    CHECK(has(again, R"("transfer":1,"repeated":true)"));
    const std::string health = co_await one.ask(R"({"op":"health"})");
    CHECK(has(health, R"("committed":1,)"));
    CHECK(has(health, R"("restarts":0,)"));
    co_await one.stream().close(1s);
  });
}

TEST_CASE("a question that meets a failing disk is told so, and no doubt", "[ledger]") {
  beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        client one{co_await in.network.connect()}, other{co_await in.network.connect()};
        in.database.cause = cause::storage;
        in.database.fails_after = 1;
        co_await one.send(transfer_line("a"));
        co_await sleep_for(10ms); // so that it is in the batch after it
        const std::string status = co_await other.ask(R"({"op":"status","key":"a"})");
        CHECK(has(status, no_storage));
        const std::string told = co_await one.answer();
        CHECK(has(told, R"("error":"in_doubt")"));
        co_await one.stream().close(1s);
        co_await other.stream().close(1s);
      },
      100ms);
}

TEST_CASE("a server is stopped while it waits for its disk as at any other time", "[ledger]") {
  const std::string failure = beside_a_ledger({}, [](ledger_run& in) -> task<> {
    in.database.cause = cause::storage;
    in.database.fails_before = 1'000'000;
    client one{co_await in.network.connect()};
    const std::string told = co_await one.ask(transfer_line("a"));
    CHECK(has(told, no_storage));
    const instant began = in.time.time().now();
    in.server->cancel();
    const std::string end = co_await one.answer();
    CHECK(end == "-");
    CHECK(in.time.time().now() - began <= 100ms);
    co_await one.stream().close(1s);
  });
  CHECK(failure.empty());
}
