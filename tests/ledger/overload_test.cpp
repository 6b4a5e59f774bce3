// Deadlines, and more requests than can be served.

#include "beside_a_ledger.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

std::string of_deadline(const std::string& key, int milliseconds) {
  return transfer_line(key, 1, R"(,"deadline_ms":)" + std::to_string(milliseconds));
}

/// One order at a time, each of which takes so long before its commit.
ledger::server_options one_at_a_time(duration takes, std::size_t capacity) {
  ledger::server_options options;
  options.service.at_once = 1;
  options.service.capacity = capacity;
  options.service.authorizing = takes;
  options.service.authorizes = [](const ledger::transfer&) { return true; };
  return options;
}

} // namespace

TEST_CASE("a transfer whose deadline passes before its commit begins is not done", "[ledger]") {
  const ledger::server_options options = one_at_a_time(100ms, 10);
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    co_await one.send(of_deadline("in hand", 50));
    co_await one.send(of_deadline("in time", 500));
    co_await one.send(of_deadline("waits too long", 60));
    const std::string in_hand = co_await one.answer(), in_time = co_await one.answer(), waits = co_await one.answer();
    CHECK(has(in_hand, R"("error":"deadline_exceeded","message":"the deadline has passed: nothing was done")"));
    CHECK(has(in_time, R"("result":"committed")"));
    CHECK(has(waits, R"("error":"deadline_exceeded")"));
    co_await sleep_for(10s);
    CHECK(in.database.transfers().size() == 1);
    co_await one.stream().close(1s);
  });
}

TEST_CASE("a transfer that waits behind a slow commit until its deadline is not done", "[ledger]") {
  beside_a_ledger(
      {},
      [](ledger_run& in) -> task<> {
        client slow{co_await in.network.connect()}, behind{co_await in.network.connect()};
        co_await slow.send(of_deadline("slow", 5'000));
        co_await sleep_for(100ms);
        const std::string told = co_await fail_after(500ms, behind.ask(of_deadline("behind", 200)));
        CHECK(has(told, R"("error":"deadline_exceeded")"));
        const std::string done = co_await slow.answer();
        CHECK(has(done, R"("result":"committed")"));
        co_await sleep_for(10s);
        CHECK(in.database.transfers().size() == 1);
        co_await slow.stream().close(1s);
        co_await behind.stream().close(1s);
      },
      1s);
}

TEST_CASE("a commit that has begun at the deadline is told as committed where that is soon, and else as in doubt",
          "[ledger]") {
  for (const duration takes : {duration{200ms}, duration{2s}}) {
    beside_a_ledger(
        {},
        [takes](ledger_run& in) -> task<> {
          client one{co_await in.network.connect()};
          const std::string told = co_await one.ask(of_deadline("a", 100));
          if (takes < 1s)
            CHECK(has(told, R"("result":"committed")"));
          else
            CHECK(has(told, R"("error":"in_doubt")"));
          co_await sleep_for(10s);
          const std::string status = co_await one.ask(R"({"op":"status","key":"a"})");
          CHECK(has(status, R"("result":"committed")"));
          const std::string again = co_await one.ask(transfer_line("a", 1, R"(,"deadline_ms":5000)"));
          CHECK(has(again, R"("repeated":true)"));
          co_await one.stream().close(1s);
        },
        takes);
  }
}

TEST_CASE("a commit that takes longer than its limit is in doubt, whatever the deadline", "[ledger]") {
  ledger::server_options options;
  options.service.commit_limit = 1s;
  beside_a_ledger(
      options,
      [](ledger_run& in) -> task<> {
        client one{co_await in.network.connect()};
        const std::string told = co_await fail_after(3s, one.ask(of_deadline("a", 60'000)));
        CHECK(has(told, R"("error":"in_doubt")"));
        co_await one.stream().close(1s);
      },
      10s);
}

TEST_CASE("more requests than fit are refused at once, with when to come again", "[ledger]") {
  static constexpr int capacity = 4, all = 12; // one of them is in hand, and one is on its way there
  const ledger::server_options options = one_at_a_time(100ms, capacity);
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    const std::string first = co_await one.ask(transfer_line("first")); // so that it is known how long they take
    CHECK(has(first, R"("ok":true)"));
    int committed = 0, overloaded = 0;
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < all; ++i)
        group.start([&, i]() -> task<> {
          client mine{co_await in.network.connect()};
          const auto now = [] { return this_fiber::pointer()->runs_on().time().now(); };
          const instant began = now();
          const std::string told = co_await mine.ask(of_deadline(std::to_string(i), 5'000));
          if (has(told, R"("error":"overloaded")")) {
            ++overloaded;
            CHECK(has(told, R"("retry_after_ms":)"));
            CHECK_FALSE(has(told, R"("retry_after_ms":1})"));
            CHECK(now() - began < 10ms);
          } else {
            ++committed;
            CHECK(has(told, R"("result":"committed")"));
          }
          co_await mine.stream().close(1s);
        });
    });
    CHECK(overloaded >= all - capacity - 2);
    CHECK(committed >= capacity);
    CHECK(in.database.transfers().size() == static_cast<std::size_t>(committed) + 1);
    const std::string health = co_await one.ask(R"({"op":"health"})");
    CHECK(has(health, R"("overloaded":)" + std::to_string(overloaded) + ','));
    co_await one.stream().close(1s);
  });
}

TEST_CASE("while the service is full a connection is read seldom, all that has come is refused at once, and told to "
          "come back no earlier",
          "[ledger]") {
  // Two fit, and keep it full for four seconds.
  ledger::server_options options = one_at_a_time(2s, 1);
  options.connections.pipelined_max = 2; // of those that are refused there may be more
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    client busy{co_await in.network.connect()}, floods{co_await in.network.connect()};
    co_await busy.send(of_deadline("in hand", 5'000));
    co_await sleep_for(100ms);
    co_await busy.send(of_deadline("waits", 5'000));
    co_await sleep_for(100ms);
    const auto now = [] { return this_fiber::pointer()->runs_on().time().now(); };
    const instant began = now();
    for (int round = 0; round < 3; ++round) {
      std::string lines;
      for (int i = 0; i < 20; ++i)
        lines += transfer_line("flood " + std::to_string(i)) + '\n';
      co_await floods.stream().write(lines);
      for (int i = 0; i < 20; ++i) {
        const std::string told = co_await floods.answer();
        CHECK(has(told, R"("error":"overloaded")"));
        const std::string_view field = R"("retry_after_ms":)";
        const std::size_t at = told.find(field);
        REQUIRE(at != told.npos);
        CHECK(std::chrono::milliseconds{std::stoi(told.substr(at + field.size()))} >= ledger::pause_when_full);
        CHECK(now() - began >= round * ledger::pause_when_full * 2 / 3);
      }
    }
    CHECK(now() - began < 1s); // a few pauses for each round, as its bytes come in pieces, and not one for each line
    const std::string first = co_await busy.answer(), second = co_await busy.answer();
    CHECK(has(first, R"("result":"committed")"));
    CHECK(has(second, R"("result":"committed")"));
    co_await busy.stream().close(1s);
    co_await floods.stream().close(1s);
  });
}

TEST_CASE("a deadline counts from when its line has come, also while others of its connection are in hand",
          "[ledger]") {
  ledger::server_options options = one_at_a_time(100ms, 10);
  options.connections.pipelined_max = 1;
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    client one{co_await in.network.connect()};
    co_await one.stream().write(of_deadline("in hand", 150) + '\n' + of_deadline("begins", 150) + '\n' +
                                of_deadline("waits", 150) + '\n' + of_deadline("in time", 1'000) + '\n');
    const std::string in_hand = co_await one.answer(), begins = co_await one.answer();
    const std::string waits = co_await one.answer(), in_time = co_await one.answer();
    CHECK(has(in_hand, R"("result":"committed")"));
    CHECK(has(begins, R"("error":"deadline_exceeded","message":"the deadline has passed: nothing was done")"));
    CHECK(has(waits, R"("error":"deadline_exceeded")"));
    CHECK(has(in_time, R"("result":"committed")"));
    CHECK(in.database.transfers().size() == 2);
    co_await one.stream().close(1s);
  });
}

TEST_CASE("at three times what can be served as much is done as at the limit, and in time", "[ledger]") {
  // Ten a second can be served. A queue of five is half a second, and the deadline is one.
  const ledger::server_options options = one_at_a_time(100ms, 5);
  const auto done_at = [&](duration between) {
    int done = 0, late = 0, asked = 0;
    beside_a_ledger(options, [&](ledger_run& in) -> task<> {
      const auto asks = [&](int number) -> task<> {
        client mine{co_await in.network.connect()};
        const std::string told = co_await mine.ask(of_deadline(std::to_string(number), 1'000));
        done += has(told, R"("ok":true)") ? 1 : 0;
        late += has(told, R"("error":"deadline_exceeded")") ? 1 : 0;
        co_await mine.stream().close(1s);
      };
      co_await in_task_group([&](task_group& group) -> task<> {
        for (const duration all = 20s; between * asked < all; ++asked) {
          group.start(asks, asked);
          co_await sleep_for(between);
        }
      });
    });
    CHECK(late == 0);
    return done;
  };
  const int at_the_limit = done_at(100ms);
  CHECK(at_the_limit >= 190);
  CHECK(done_at(33ms) >= at_the_limit * 9 / 10);
}

TEST_CASE("as much is done while clients send before they are answered, though each is read seldom", "[ledger]") {
  // A hundred a second can be served, three times as many come. A queue of five is half of the pause between two reads.
  static constexpr int connections = 10, rounds = 10;
  const ledger::server_options options = one_at_a_time(10ms, 5);
  beside_a_ledger(options, [](ledger_run& in) -> task<> {
    int done = 0, told = 0;
    const auto now = [] { return this_fiber::pointer()->runs_on().time().now(); };
    const auto asks = [&](int number) -> task<> {
      client mine{co_await in.network.connect()};
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start([&]() -> task<> {
          for (int round = 0; round < rounds; ++round) {
            for (int i = 0; i < 3; ++i)
              co_await mine.send(of_deadline(std::to_string((number * rounds + round) * 3 + i), 500));
            co_await sleep_for(100ms);
          }
        });
        const instant began = now();
        for (int i = 0; i < rounds * 3; ++i) {
          const std::string answer = co_await mine.answer();
          done += has(answer, R"("ok":true)") ? 1 : 0;
          ++told;
          CHECK(now() - began < 100ms * (i / 3 + 1) + 500ms);
        }
      });
      co_await mine.stream().close(1s);
    };
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < connections; ++i)
        group.start(asks, i);
    });
    CHECK(told == connections * rounds * 3);
    CHECK(done >= connections * rounds * 9 / 10);
  });
}
