#include <troupe/streams/serve.hpp>

#include "certificates.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_listener.hpp>
#include <troupe/testing/explore.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Answers each line, after a while. "crash" is a fault of the program, "garbage" one of the client.
task<> answers_slowly(byte_stream& over) {
  line_reader lines{over, 100};
  while (std::optional<std::string> line = co_await lines.next()) {
    co_await sleep_for(100ms);
    if (*line == "crash")
      throw std::logic_error("the handler fails");
    if (*line == "garbage")
      throw limit_overrun("a number", 10);
    co_await write_line(over, "re: " + *line);
  }
}

/// The answer; "-" where the server has ended the connection, "!" where that is gone.
task<std::string> asks(byte_stream& over, std::string what) {
  try {
    co_await write_line(over, what);
    line_reader lines{over, 100};
    const std::optional<std::string> line = co_await lines.next();
    co_return line.value_or("-");
  } catch (const stream_error&) {
    co_return "!";
  }
}

template <class Function>
void beside_a_server(const serve_options& options, Function clients, outcome<>& ended) {
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network;
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto serves = [&]() -> task<> { ended = co_await as_outcome(serve(network, answers_slowly, options)); };
      child<> server = group.start(serves);
      co_await clients(network, server);
      server.cancel();
    });
  };
  simulated.run(run).value();
}

} // namespace

TEST_CASE("a server answers many at a time, each in its own order", "[streams]") {
  outcome<> ended;
  beside_a_server(
      {},
      [](pipe_listener network, child<>&) -> task<> {
        co_await in_task_group([&](task_group& clients) {
          for (int i = 0; i < 5; ++i)
            clients.start([network, i]() -> task<> {
              byte_stream over = co_await network.connect();
              for (int k = 0; k < 3; ++k) {
                const std::string text = std::to_string(i) + '.' + std::to_string(k);
                const std::string answer = co_await asks(over, text);
                CHECK(answer == "re: " + text);
              }
              co_await over.close(1s);
            });
        });
      },
      ended);
}

TEST_CASE("what is wrong with a connection ends it alone, and what is wrong with the program ends the server",
          "[streams][ST-072]") {
  const auto clients = [](pipe_listener network, child<>&) -> task<> {
    byte_stream bystander = co_await network.connect();
    const std::string before = co_await asks(bystander, "a");
    CHECK(before == "re: a");
    byte_stream wrong = co_await network.connect();
    const std::string refused = co_await asks(wrong, "garbage");
    CHECK((refused == "-" || refused == "!"));
    const std::string between = co_await asks(bystander, "b");
    CHECK(between == "re: b");
    byte_stream fatal = co_await network.connect();
    const std::string lost = co_await asks(fatal, "crash");
    CHECK((lost == "-" || lost == "!"));
    co_await sleep_for(1s);
    const std::string after = co_await asks(bystander, "c");
    CHECK((after == "re: c" || after == "!" || after == "-"));
  };
  {
    outcome<> ended;
    beside_a_server({}, clients, ended);
    REQUIRE(ended.has_error());
    CHECK(message_of(ended.error()).find("the handler fails") != std::string::npos);
  }
  {
    outcome<> ended;
    std::vector<std::string> heard;
    beside_a_server({.on_failure = [&](std::exception_ptr error) { heard.push_back(message_of(error)); }}, clients,
                    ended);
    CHECK_FALSE(ended.has_error());
    CHECK(heard == std::vector<std::string>{"the handler fails"});
  }
}

namespace {

/// Asks on and on, and reads no answer.
task<> asks_and_reads_nothing(pipe_listener network, std::uint64_t& accepted) {
  byte_stream over = co_await network.connect();
  const std::string line = "a question that nobody reads the answer to\n";
  for (;;)
    accepted += co_await over.write(line);
}

} // namespace

TEST_CASE("of a hundred connections one that is stuck holds up itself alone, and costs no more than its window",
          "[streams][C10]") {
  constexpr std::size_t window = 200;
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network{{.capacity = window, .high_water = window}};
    std::uint64_t accepted = 0;
    int answered = 0;
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto serves = [&]() -> task<> { co_await serve(network, answers_slowly, {.drain_limit = 2s}); };
      child<> server = group.start(serves);
      child<> stuck = group.start(asks_and_reads_nothing, network, std::ref(accepted));
      co_await sleep_for(1h); // it is
      co_await in_task_group([&](task_group& others) {
        for (int i = 0; i < 99; ++i)
          others.start([&]() -> task<> {
            byte_stream over = co_await network.connect();
            const std::string answer = co_await fail_after(1s, asks(over, "anyone?"));
            answered += answer == "re: anyone?";
            co_await over.close();
          });
      });
      CHECK(answered == 99);
      CHECK(accepted <= 6 * window); // both ways of the connection, and what each end has read ahead
      CHECK_FALSE(stuck.ended());
      server.cancel(); // which resets what does not end in time
      co_await stuck.wait_ended();
      CHECK(stuck.result().has_error());
    });
  };
  CHECK(simulated.run(run).has_error()); // of the connection that was reset, and of nobody else
}

namespace {

constexpr int news_in_all = 30;

/// A line each second, which whoever subscribes takes within five.
task<> publishes(byte_stream& over) {
  for (int i = 0; i < news_in_all; ++i) {
    co_await sleep_for(1s);
    co_await fail_after(5s, write_line(over, "news " + std::to_string(i)));
  }
}

/// How many lines have come, each in the second in which it was written.
task<int> subscribes(pipe_listener network) {
  byte_stream over = co_await network.connect();
  const time_source& clock = this_fiber::pointer()->runs_on().time();
  const instant from = clock.now();
  line_reader lines{over, 100};
  int come = 0;
  while (std::optional<std::string> line = co_await lines.next()) {
    CHECK(*line == "news " + std::to_string(come));
    ++come;
    CHECK((clock.now() - from == come * 1s));
  }
  co_await over.close();
  co_return come;
}

} // namespace

TEST_CASE(
    "of a hundred subscribers one that reads nothing is disconnected by the limit of a write, and the server told",
    "[streams][C10]") {
  constexpr std::size_t window = 30; // some eight lines, of which none is read
  std::vector<std::string> told;
  const serve_options options{.on_connection_error = [&](const std::string& which, const std::exception_ptr& why) {
    told.push_back(which + ": " + message_of(why));
  }};
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network{{.capacity = window, .high_water = window}};
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server = group.start(serve<pipe_listener, task<> (*)(byte_stream&)>, network, &publishes, options);
      byte_stream stuck = co_await network.connect();
      co_await in_task_group([&](task_group& others) {
        for (int i = 0; i < 99; ++i)
          others.start([&]() -> task<> {
            const int come = co_await subscribes(network);
            CHECK(come == news_in_all);
          });
        others.start([&]() -> task<> {
          co_await sleep_for(std::chrono::seconds{news_in_all * 2 / 3});
          CHECK(told.size() == 1); // long before the news end
        });
      });
      const auto rest = co_await as_outcome(stuck.read_to_end(1'000));
      CHECK(rest.has_error()); // it is reset, and not told that this was all
      server.cancel();
    });
  };
  simulated.run(run).value();
  REQUIRE(told.size() == 1);
  CHECK(told.front().starts_with("pipe #"));
  CHECK(told.front().find(": deadline exceeded") != std::string::npos);
}

TEST_CASE("a server that is stopped before it begins has closed its listener, and nobody waits for it", "[streams]") {
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network;
    co_await in_task_group([&](task_group& group) {
      group.start(serve<pipe_listener, task<> (*)(byte_stream&)>, network, &publishes, serve_options{}).cancel();
      group.start([&]() -> task<> {
        const outcome<int> none = co_await as_outcome(subscribes(network));
        CHECK(none.has_error());
      });
    });
  };
  simulated.run(run).value();
}

TEST_CASE("a server that is stopped answers what is in hand, ends who waits, and accepts nobody", "[streams]") {
  outcome<> ended;
  beside_a_server(
      {},
      [](pipe_listener network, child<>& server) -> task<> {
        byte_stream idle = co_await network.connect();
        byte_stream busy = co_await network.connect();
        const std::string before = co_await asks(busy, "before");
        CHECK(before == "re: before");
        co_await in_task_group([&](task_group& group) {
          group.start([&]() -> task<> {
            const std::string answer = co_await asks(busy, "in hand");
            CHECK(answer == "re: in hand");
            const std::string rest = co_await busy.read_to_end(10);
            CHECK(rest == "");
          });
          group.start([&]() -> task<> {
            const std::string end = co_await idle.read_to_end(10);
            CHECK(end == "");
          });
          group.start([&]() -> task<> {
            co_await sleep_for(50ms);
            server.cancel();
            co_await sleep_for(1ms);
            const auto late = co_await as_outcome(network.connect());
            CHECK(late.has_error());
          });
        });
      },
      ended);
}

TEST_CASE("a connection that does not end when a server drains is cancelled when its time is over", "[streams]") {
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    const pipe_listener network;
    const auto never_ends = [](byte_stream& over) -> task<> {
      co_await over.write("hello\n");
      co_await sleep_for(24h);
    };
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server = group.start(serve<pipe_listener, decltype(never_ends)>, network, never_ends,
                                   serve_options{.drain_limit = 3s});
      byte_stream over = co_await network.connect();
      const std::string hello = co_await over.read_exactly(6);
      CHECK(hello == "hello\n");
      const time_source& clock = this_fiber::pointer()->runs_on().time();
      const instant from = clock.now();
      server.cancel();
      const auto gone = co_await as_outcome(over.read_exactly(1));
      CHECK(gone.has_error()); // it is reset
      CHECK((clock.now() - from == 3s));
    });
  };
  simulated.run(run).value();
}

TEST_CASE("a server speaks TLS where it is told to, and is not troubled by who does not", "[streams][tls]") {
  const tls_server secret{
      {.certificate_file = test_certificates().server(), .key_file = test_certificates().server_key()}};
  const tls_client trusts{{.authorities_file = test_certificates().authority()}};
  outcome<> ended;
  std::vector<std::string> troubled;
  beside_a_server(
      {.tls = &secret,
       .handshake_limit = 2s,
       .on_connection_error = [&](const std::string& which, const std::exception_ptr&) { troubled.push_back(which); }},
      [&](pipe_listener network, child<>&) -> task<> {
        byte_stream silent = co_await network.connect();
        byte_stream plain = co_await network.connect();
        const std::string refused = co_await asks(plain, "GET / HTTP/1.1");
        CHECK(refused != "re: GET / HTTP/1.1");
        byte_stream raw = co_await network.connect();
        byte_stream over = co_await trusts.connect(std::move(raw), "server.test");
        const std::string answer = co_await asks(over, "secret");
        CHECK(answer == "re: secret");
        const auto gone = co_await as_outcome(silent.read_exactly(1)); // when its handshake has taken too long
        CHECK(gone.has_error());
      },
      ended);
  CHECK(troubled.size() >= 2); // who spoke no TLS, and who said nothing
  CHECK(troubled.front().starts_with("pipe #"));
}

TEST_CASE("a server and its clients hold under the schedules of a budget and a sweep of all faults", "[streams]") {
  const scenario service = [](simulation& sim) -> task<> {
    auto& answered = sim.make<int>(0);
    sim.sometimes("all are answered", false);
    const pipe_listener network{{.capacity = 20, .high_water = 10}};
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server = group.start(serve<pipe_listener, task<> (*)(byte_stream&)>, network, &answers_slowly,
                                   serve_options{.drain_limit = 1s, .on_failure = [](std::exception_ptr) {}});
      co_await in_task_group([&](task_group& clients) {
        for (int i = 0; i < 2; ++i)
          clients.start([network, i, &answered]() -> task<> {
            byte_stream over = co_await network.connect();
            const std::string text = "question " + std::to_string(i);
            const auto answer = co_await move_on_after(10s, asks(over, text));
            answered += answer == "re: " + text ? 1 : 0;
            co_await over.close(1s);
          });
      });
      server.cancel();
    });
    sim.sometimes("all are answered", answered == 2);
  };
  CHECK(explore({.schedules = seeds(500)}, service).schedules >= 100);
  CHECK(sweep(all_faults, service).faults[static_cast<std::size_t>(fault::reset)] > 5);
}
