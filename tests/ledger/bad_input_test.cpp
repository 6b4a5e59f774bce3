// What is wrong with one client is told to that client, and nobody else notices.

#include "beside_a_ledger.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// A transfer of somebody else is done at once.
task<> is_served(const pipe_listener& network, std::string key) {
  client other{co_await network.connect()};
  const std::string told = co_await fail_after(1s, other.ask(transfer_line(key)));
  CHECK(has(told, R"("result":"committed")"));
  co_await other.stream().close(1s);
}

} // namespace

TEST_CASE("after a line that is no request the same connection goes on, and so do others", "[ledger]") {
  beside_a_ledger({}, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    const std::string lines[] = {"",
                                 "{",
                                 "\xff\xfe",
                                 std::string("\0", 1),
                                 "[[[[",
                                 R"({"op":"transfer"})",
                                 transfer_line("k", -1),
                                 R"({"op":"balance","account":99999999999999999999})",
                                 R"({"op":"balance","account":"0"})"};
    int number = 0;
    for (const std::string& line : lines) {
      const std::string told = co_await one.ask(line);
      CHECK(told.starts_with(R"({"ok":false,"error":"bad_request","message":")"));
      const std::string key = "other" + std::to_string(++number);
      co_await is_served(in.network, key);
      const std::string mine = "mine" + std::to_string(number);
      const std::string right = co_await one.ask(transfer_line(mine) + '\r');
      CHECK(has(right, R"("result":"committed")"));
    }
    CHECK(in.database.transfers().size() == 2 * std::size(lines));
    co_await one.stream().close(1s);
  });
}

TEST_CASE("a line that is too long is answered after those before it, and ends the connection", "[ledger]") {
  beside_a_ledger({}, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    std::string longest = R"({"op":"health","id":")";
    longest += std::string(ledger::line_bytes_max - longest.size() - 2, 'x') + "\"}";
    const std::string fits = co_await one.ask(longest);
    CHECK(has(fits, R"("ok":true)"));
    co_await one.send(transfer_line("before"));
    co_await one.send(longest + ' ');
    co_await one.send(transfer_line("after"));
    const std::string before = co_await one.answer();
    CHECK(has(before, R"("result":"committed")"));
    const std::string told = co_await one.answer();
    CHECK(has(told, R"("error":"too_long","message":"a line has at most 4096 bytes)"));
    const std::string end = co_await one.answer();
    CHECK(end == "-");
    co_await one.stream().close(1s);
    co_await is_served(in.network, "other");
    CHECK(in.database.transfers().size() == 2);
  });
}

TEST_CASE("a line that goes on and on is dropped as it comes, and told to be too long", "[ledger]") {
  beside_a_ledger({}, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> writing = group.start([&]() -> task<> {
        const std::string block(10'000, 'x');
        try {
          for (int i = 0; i < 100; ++i)
            co_await one.stream().write(block);
        } catch (const stream_error&) { // the server has closed it
        }
      });
      const std::string told = co_await one.answer();
      CHECK(has(told, R"("error":"too_long")"));
      co_await is_served(in.network, "other");
    });
    co_await one.stream().close(1s);
  });
}

TEST_CASE("a connection without a whole request is closed after the idle limit, and told why", "[ledger]") {
  ledger::server_options options;
  options.connections.idle_limit = 60s;
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    client silent{co_await in.network.connect()}, half{co_await in.network.connect()},
        busy{co_await in.network.connect()};
    co_await half.stream().write(std::string_view(R"({"op":"hea)"));
    for (int i = 0; i < 2; ++i) {
      co_await sleep_for(40s);
      const std::string told = co_await busy.ask(R"({"op":"health"})");
      CHECK(has(told, i == 0 ? R"("connections":3)" : R"("connections":1)"));
    }
    const std::string to_silent = co_await silent.answer(), to_half = co_await half.answer();
    CHECK(has(to_silent, R"("error":"idle","message":"no whole request has come)"));
    CHECK(to_half == to_silent);
    const std::string end = co_await silent.answer();
    CHECK(end == "-");
    co_await silent.stream().close(1s);
    co_await half.stream().close(1s);
    co_await busy.stream().close(1s);
  });
}

TEST_CASE("who waits longer than the idle limit for an answer is not idle", "[ledger]") {
  ledger::server_options options;
  options.connections.idle_limit = 1s;
  options.service.authorizing = 10s;
  options.service.authorizes = [](const ledger::transfer&) { return true; };
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    const std::string told = co_await one.ask(transfer_line("a", 1, R"(,"deadline_ms":30000)"));
    CHECK(has(told, R"("result":"committed")"));
    const std::string next = co_await one.ask(R"({"op":"health"})");
    CHECK(has(next, R"("ok":true)"));
    co_await one.stream().close(1s);
  });
}

TEST_CASE("of too many connections those go first that never asked, then the one that has been idle longest",
          "[ledger]") {
  ledger::server_options options;
  options.connections.connections_max = 3;
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    client old{co_await in.network.connect()};
    const std::string first = co_await old.ask(transfer_line("old"));
    CHECK(has(first, R"("ok":true)"));
    co_await sleep_for(1s);
    client recent{co_await in.network.connect()};
    const std::string second = co_await recent.ask(transfer_line("recent"));
    CHECK(has(second, R"("ok":true)"));
    client silent{co_await in.network.connect()};
    co_await sleep_for(1s);

    client fourth{co_await in.network.connect()};
    const std::string told = co_await fourth.ask(transfer_line("fourth"));
    CHECK(has(told, R"("ok":true)"));
    const std::string to_silent = co_await silent.answer();
    CHECK(has(to_silent, R"("error":"idle","message":"there are too many connections)"));
    client fifth{co_await in.network.connect()};
    const std::string also = co_await fifth.ask(transfer_line("fifth"));
    CHECK(has(also, R"("ok":true)"));
    const std::string to_old = co_await fail_after(1s, old.answer());
    CHECK(has(to_old, R"("error":"idle")"));
    co_await sleep_for(10ms);
    const std::string still = co_await recent.ask(R"({"op":"health"})");
    CHECK(has(still, R"("connections":3)"));
    for (client* const each : {&old, &recent, &silent, &fourth, &fifth})
      co_await each->stream().close(1s);
  });
}

TEST_CASE("a flood of connections that ask once keeps nobody out who asks again and again", "[ledger]") {
  ledger::server_options options;
  options.connections.connections_max = 4;
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    std::vector<std::unique_ptr<client>> flood;
    client active{co_await in.network.connect()};
    for (int i = 0; i < 40; ++i) {
      const std::string told = co_await active.ask(R"({"op":"health"})");
      CHECK(has(told, R"("ok":true)"));
      if (i < 10)
        continue;
      for (int comes = 0; comes < 5; ++comes) { // more than have room, between two requests of the other one
        byte_stream next = co_await fail_after(1s, in.network.connect());
        flood.push_back(std::make_unique<client>(std::move(next)));
        const std::string once = co_await flood.back()->ask(R"({"op":"health"})");
        CHECK(has(once, R"("ok":true)"));
        co_await sleep_for(10ms);
      }
    }
    for (const auto& each : flood)
      co_await each->stream().close(1s);
    co_await active.stream().close(1s);
  });
}

TEST_CASE("a flood of connections that ask nothing keeps nobody out", "[ledger]") {
  ledger::server_options options;
  options.connections.connections_max = 4;
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    std::vector<std::unique_ptr<client>> flood;
    client before{co_await in.network.connect()};
    const std::string first = co_await before.ask(transfer_line("before"));
    CHECK(has(first, R"("ok":true)"));
    for (int i = 0; i < 40; ++i) {
      byte_stream next = co_await fail_after(1s, in.network.connect());
      flood.push_back(std::make_unique<client>(std::move(next)));
      co_await sleep_for(10ms);
      if (i % 10 == 9) {
        co_await is_served(in.network, "during" + std::to_string(i));
        const std::string still = co_await fail_after(1s, before.ask(R"({"op":"health"})"));
        CHECK(has(still, R"("ok":true)"));
      }
    }
    co_await sleep_for(10ms);
    CHECK(in.counts.connections.open <= 4);
    for (const auto& each : flood)
      co_await each->stream().close(1s);
    co_await before.stream().close(1s);
  });
}
