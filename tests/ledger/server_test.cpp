#include <troupe/ledger/server.hpp>

#include "beside_a_ledger.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("a transfer is committed once, and its repeat is told the same", "[ledger]") {
  const std::string failure = beside_a_ledger({}, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    const std::string first = co_await one.ask(transfer_line("a", 250, R"(,"id":17)"));
    CHECK(first == R"({"ok":true,"id":17,"result":"committed","transfer":1})");
    const std::string again = co_await one.ask(transfer_line("a", 250));
    CHECK(again == R"({"ok":true,"result":"committed","transfer":1,"repeated":true})");
    const std::string other = co_await one.ask(transfer_line("a", 251));
    CHECK(has(other, R"("error":"key_reused")"));
    const std::string too_much = co_await one.ask(transfer_line("b", 751));
    CHECK(has(too_much, R"("error":"insufficient_funds")"));
    const std::string nowhere = co_await one.ask(R"({"op":"transfer","key":"c","from":0,"to":3,"amount":1})");
    CHECK(has(nowhere, R"("error":"unknown_account")"));
    const std::string balance = co_await one.ask(R"({"op":"balance","account":0})");
    CHECK(balance == R"({"ok":true,"account":0,"balance":750})");
    const std::string unknown = co_await one.ask(R"({"op":"balance","account":3,"id":"x"})");
    CHECK(has(unknown, R"("id":"x","error":"unknown_account")"));
    const std::string status = co_await one.ask(R"({"op":"status","key":"a"})");
    CHECK(status == R"({"ok":true,"key":"a","result":"committed","transfer":1})");
    const std::string no_status = co_await one.ask(R"({"op":"status","key":"b"})");
    CHECK(no_status == R"({"ok":true,"key":"b","result":"unknown"})");
    const std::string health = co_await one.ask(R"({"op":"health"})");
    CHECK(has(health, R"("status":"serving","accounts":3,"connections":1,"queued":0,"in_hand":0,"committed":1)"));
    co_await one.stream().close(1s);
  });
  CHECK(failure.empty());
}

TEST_CASE("of one key that many ask at once there is one transfer, and all are told which", "[ledger]") {
  beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        std::size_t repeated = 0;
        co_await in_task_group([&](task_group& group) {
          for (int i = 0; i < 5; ++i)
            group.start([&]() -> task<> {
              client mine{co_await in.network.connect()};
              const std::string told = co_await mine.ask(transfer_line("same", 900));
              CHECK(has(told, R"("result":"committed","transfer":1)"));
              repeated += has(told, R"("repeated":true)") ? 1 : 0;
              co_await mine.stream().close(1s);
            });
        });
        CHECK(repeated == 4);
        CHECK(in.database.transfers().size() == 1);
      },
      10ms);
}

TEST_CASE("what comes while a commit is under way is committed together", "[ledger]") {
  beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        co_await in_task_group([&](task_group& group) {
          for (int i = 0; i < 10; ++i)
            group.start([&, i]() -> task<> {
              client mine{co_await in.network.connect()};
              const std::string told = co_await mine.ask(transfer_line(std::to_string(i)));
              CHECK(has(told, R"("ok":true)"));
              co_await mine.stream().close(1s);
            });
        });
        CHECK(in.database.batches < 10);
        CHECK(in.database.largest > 1);
      },
      10ms);
}

TEST_CASE("answers come in the order of the requests, however long each takes", "[ledger]") {
  beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        client one{co_await in.network.connect()};
        for (int i = 0; i < 20; ++i) { // more than are in hand at once
          const std::string id = std::to_string(i);
          std::string line = transfer_line(id, 1, R"(,"id":)" + id);
          if (i % 3 == 0)
            line = R"({"op":"health","id":)" + id + '}';
          co_await one.send(line);
        }
        for (int i = 0; i < 20; ++i) {
          const std::string told = co_await one.answer();
          CHECK(told.starts_with(R"({"ok":true,"id":)" + std::to_string(i) + ','));
        }
        co_await one.stream().close(1s);
      },
      10ms);
}

TEST_CASE("who sends without reading is not read from, and memory stays bounded", "[ledger]") {
  ledger::server_options options;
  options.connections.pipelined_max = 2;
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    bool is_pushed_back = false;
    for (int i = 0; i < 100'000 && !is_pushed_back; ++i)
      is_pushed_back = !co_await move_on_after(1s, one.send(R"({"op":"health"})"));
    CHECK(is_pushed_back);
    client other{co_await in.network.connect()};
    const std::string told = co_await other.ask(transfer_line("a"));
    CHECK(has(told, R"("ok":true)"));
    one.stream().abort();
    co_await other.stream().close(1s);
  });
}

TEST_CASE("a client that goes in the middle of its request is no matter to others", "[ledger]") {
  beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        client one{co_await in.network.connect()};
        co_await one.send(transfer_line("gone"));
        one.stream().abort();
        client other{co_await in.network.connect()};
        const std::string told = co_await other.ask(transfer_line("stays"));
        CHECK(has(told, R"("ok":true)"));
        co_await other.stream().close(1s);
      },
      10ms);
}
