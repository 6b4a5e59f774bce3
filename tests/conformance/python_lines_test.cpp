// asyncio's cases about reading lines from a stream.

#include <troupe/streams/framing.hpp>

#include <tests/streams/on_pipes.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// The next line; "-" at the end, "too long" where it is.
task<std::string> next_of(line_reader& lines) {
  try {
    const std::optional<std::string> line = co_await lines.next();
    co_return line.value_or("-");
  } catch (const limit_overrun&) {
    co_return "too long";
  }
}

/// That a reader finds these when the chunks arrive one after the other, in one, and byte by byte.
void expect_lines(const std::vector<std::string>& chunks, std::size_t limit, const std::vector<std::string>& expected) {
  std::string all;
  std::vector<std::string> bytes;
  for (const std::string& each : chunks)
    all += each;
  for (const char each : all)
    bytes.emplace_back(1, each);
  for (const auto& pieces : {chunks, {all}, bytes})
    on_fed_pipes(pieces, at_last::ends, [&](byte_stream& from) -> task<> {
      line_reader lines{from, limit};
      for (const std::string& each : expected) {
        const std::string line = co_await next_of(lines);
        CHECK(line == each);
      }
    });
}

} // namespace

TEST_CASE("a line is made of several chunks, and what is behind it stays", "[conformance][ST-017]") {
  on_fed_pipes({"chunk 1 ", "chunk 2 ", "chunk 3\n chunk 4"}, at_last::stays_open, [](byte_stream& from) -> task<> {
    line_reader lines{from, 100};
    const std::string line = co_await next_of(lines);
    CHECK(line == "chunk 1 chunk 2 chunk 3");
    const std::string rest = co_await from.read_exactly(8);
    CHECK(rest == " chunk 4");
  });
}

TEST_CASE("a line that is too long is told once, and the one after it is intact, however they come",
          "[conformance][ST-018][ST-020]") {
  expect_lines({"line1\n", "line2\n"}, 3, {"too long", "too long", "-"});
  expect_lines({"much too ", "long\n", "ok\n", "this as ", "well\n"}, 8, {"too long", "ok", "too long", "-"});
  expect_lines({"12345678\n", "1234567\n", "123", "45678\n"}, 7, {"too long", "1234567", "too long", "-"}); // exact
  expect_lines({"no end of ", "it"}, 5, {"too long", "-"});
}

TEST_CASE("a line that is there already is read without a wait", "[conformance][ST-021]") {
  on_a_pipe({}, [](stream_pair& ends) -> task<> {
    const time_source& clock = this_fiber::pointer()->runs_on().time();
    const instant from = clock.now();
    co_await ends.first.write("line1\nline2\nline3");
    line_reader lines{ends.second, 10};
    for (const char* each : {"line1", "line2"}) {
      const std::string line = co_await next_of(lines);
      CHECK(line == each);
    }
    const std::string rest = co_await ends.second.read_exactly(5);
    CHECK(rest == "line3");
    CHECK((clock.now() == from));
  });
}

TEST_CASE("the last line may have no end, and at the end there is none", "[conformance][ST-022][ST-023]") {
  expect_lines({"one\n", "some ", "data"}, 100, {"one", "some data", "-", "-"});
  expect_lines({}, 100, {"-", "-"});
}

TEST_CASE("what is read by number behind a line begins where that has ended", "[conformance][ST-024]") {
  on_fed_pipes({"line1\nli", "ne2\nli", "ne3\n"}, at_last::ends, [](byte_stream& from) -> task<> {
    line_reader lines{from, 100};
    const std::string first = co_await next_of(lines);
    CHECK(first == "line1");
    const std::string seven = co_await from.read_exactly(7);
    CHECK(seven == "line2\nl");
    const std::string last = co_await next_of(lines);
    CHECK(last == "ine3");
  });
}

TEST_CASE("a connection that is lost behind a line fails the next one, and that line is read",
          "[conformance][ST-025]") {
  for (pipe_kind kind : pipe_kinds) {
    INFO(kind.name);
    kind.options.first_to_second.resets_at = 7;
    on_a_pipe(kind.options, [](stream_pair& ends) -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> {
          static_cast<void>(co_await as_outcome(ends.first.write("line1\nand another\n"))); // may fail, or be in time
        });
        group.start([&]() -> task<> {
          line_reader lines{ends.second, 100};
          const std::string line = co_await next_of(lines);
          CHECK(line == "line1");
          for (int again = 0; again < 3; ++again)
            co_await error_of<peer_reset>(lines.next());
        });
      });
    });
  }
}

TEST_CASE("of the two ends that a line may have the first one ends it, within the same limit",
          "[conformance][ST-031][ST-032]") {
  expect_lines({"one\r", "\ntwo\n", "three\r\n"}, 5, {"one", "two", "three", "-"});
  expect_lines({"a\rb\n", "\r\n", "\n"}, 5, {"a\rb", "", "", "-"});
  expect_lines({"12345\r\n", "123456\r\n", "12345\n", "123456\n"}, 5, {"12345", "too long", "12345", "too long", "-"});
}

TEST_CASE("who waits for a line hears that the connection is lost", "[conformance][ST-041]") {
  on_pipes([](stream_pair& ends) -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        line_reader lines{ends.second, 100};
        co_await error_of<peer_reset>(lines.next());
      });
      group.start([&]() -> task<> {
        co_await ends.first.write("no");
        co_await sleep_for(1s);
        ends.first.abort();
      });
    });
  });
}
