// A database that fails, and a server that is stopped, in the middle of requests.

#include "beside_a_ledger.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Asks again with the same key until there is an answer that stands.
task<std::string> insists(client& with, std::string line) {
  for (;;) {
    std::string told = co_await with.ask(line);
    if (!has(told, R"("error":"unavailable")") && !has(told, R"("error":"in_doubt")"))
      co_return told;
    co_await sleep_for(50ms);
  }
}

} // namespace

TEST_CASE("when the database fails all actors are started anew, and nothing is lost or done twice", "[ledger]") {
  const std::string failure = beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        in.database.fails_before = 1;
        in.database.fails_after = 1;
        co_await in_task_group([&](task_group& group) {
          for (int i = 0; i < 6; ++i)
            group.start([&, i]() -> task<> {
              client mine{co_await in.network.connect()};
              const std::string told = co_await insists(mine, transfer_line(std::to_string(i), 10));
              CHECK(has(told, R"("result":"committed")"));
              co_await mine.stream().close(1s);
            });
        });
        CHECK(in.database.transfers().size() == 6);
        client one{co_await in.network.connect()};
        const std::string balance = co_await one.ask(R"({"op":"balance","account":1})");
        CHECK(has(balance, R"("balance":1060)"));
        const std::string health = co_await one.ask(R"({"op":"health"})");
        CHECK(has(health, R"("status":"serving")"));
        CHECK(has(health, R"("restarts":6)")); // three actors, twice
        co_await one.stream().close(1s);
      },
      10ms);
  CHECK(failure.empty());
}

TEST_CASE("what the failed commit was is told as it is known: nothing was done, or in doubt", "[ledger]") {
  beside_a_ledger({}, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    in.database.fails_before = 1;
    const std::string nothing = co_await one.ask(transfer_line("nothing"));
    CHECK(has(nothing, R"("error":"unavailable","message":"the database has failed: nothing was done")"));
    co_await sleep_for(10ms); // what comes before the desk has been stopped may wait there, and be done
    const std::string meanwhile = co_await one.ask(transfer_line("meanwhile"));
    CHECK(has(meanwhile, R"("error":"unavailable")"));
    const std::string health = co_await one.ask(R"({"op":"health"})");
    CHECK(has(health, R"("status":"restarting")"));
    co_await sleep_for(1s);
    in.database.fails_after = 1;
    const std::string doubt = co_await one.ask(transfer_line("doubt"));
    CHECK(has(doubt, R"("error":"in_doubt")"));
    co_await sleep_for(1s);
    const std::string status = co_await one.ask(R"({"op":"status","key":"doubt"})");
    CHECK(has(status, R"("result":"committed")"));
    const std::string again = co_await one.ask(transfer_line("nothing"));
    CHECK(has(again, R"("result":"committed")"));
    CHECK_FALSE(has(again, "repeated"));
    co_await one.stream().close(1s);
  });
}

TEST_CASE("a question that meets a failing database is no failure of its own", "[ledger]") {
  beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        client one{co_await in.network.connect()}, other{co_await in.network.connect()};
        in.database.fails_after = 1;
        co_await one.send(transfer_line("a"));
        co_await sleep_for(10ms);
        const std::string status = co_await other.ask(R"({"op":"status","key":"a"})");
        CHECK(has(status, R"("error":"unavailable")"));
        const std::string told = co_await one.answer();
        CHECK(has(told, R"("error":"in_doubt")"));
        co_await sleep_for(5s);
        const std::string health = co_await other.ask(R"({"op":"health"})");
        CHECK(has(health, R"("restarts":3,)")); // each of the actors once
        const std::string later = co_await other.ask(R"({"op":"status","key":"a"})");
        CHECK(has(later, R"("result":"committed")"));
        co_await one.stream().close(1s);
        co_await other.stream().close(1s);
      },
      100ms);
}

TEST_CASE("a database that goes on failing ends the server, with its error", "[ledger]") {
  const std::string failure = beside_a_ledger({}, [](ledger_run& in) -> task<> {
    in.database.fails_before = 1'000;
    client one{co_await in.network.connect()};
    std::string told;
    try {
      for (int i = 0; i < 10'000 && told != "-"; ++i) {
        told = co_await one.ask(transfer_line(std::to_string(i)));
        CHECK((told == "-" || has(told, R"("ok":false)")));
        co_await sleep_for(10ms);
      }
      CHECK(told == "-");
    } catch (const stream_error&) { // it has gone
    }
    co_await one.stream().close(1s);
    CHECK(in.database.transfers().empty());
  });
  CHECK(has(failure, "the disk is full"));
  CHECK(has(failure, "one restart too many"));
}

TEST_CASE("a server that is stopped answers what is in hand, begins nothing more, and closes", "[ledger]") {
  const std::string failure = beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        client one{co_await in.network.connect()}, idle{co_await in.network.connect()};
        const std::string health = co_await idle.ask(R"({"op":"health"})");
        CHECK(has(health, R"("ok":true)"));
        co_await one.send(transfer_line("in hand"));
        co_await sleep_for(100ms);
        in.server->cancel();
        co_await sleep_for(100ms);
        const std::string told = co_await one.answer();
        CHECK(has(told, R"("result":"committed")"));
        const std::string end = co_await one.answer(), also = co_await idle.answer();
        CHECK(end == "-");
        CHECK(also == "-");
        bool refused = false;
        try {
          byte_stream late = co_await in.network.connect();
          late.abort();
        } catch (const connect_error&) {
          refused = true;
        }
        CHECK(refused);
        co_await one.stream().close(1s);
        co_await idle.stream().close(1s);
      },
      1s);
  CHECK(failure.empty());
}

TEST_CASE("a request that is read while the server is being stopped is told so", "[ledger]") {
  beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        client one{co_await in.network.connect()};
        for (int i = 0; i < 40; ++i) // more than are in hand at once: the rest has been read ahead
          co_await one.send(transfer_line(std::to_string(i)));
        co_await sleep_for(500ms);
        in.server->cancel();
        int committed = 0, refused = 0;
        try {
          for (std::string told = co_await one.answer(); told != "-"; told = co_await one.answer()) {
            committed += has(told, R"("result":"committed")") ? 1 : 0;
            refused += has(told, R"("error":"shutting_down")") ? 1 : 0;
          }
        } catch (const peer_reset&) { // the end, where some that it has sent were not read
        }
        CHECK(committed >= 1);
        CHECK(in.database.transfers().size() == static_cast<std::size_t>(committed));
        CHECK(refused >= 1);
        co_await one.stream().close(1s);
      },
      1s);
}
