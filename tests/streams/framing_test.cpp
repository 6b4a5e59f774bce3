#include <troupe/streams/framing.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

/// "a|b|end", with "too long" in place of what is longer than it may be, until nothing more can come.
template <class Reader>
task<std::string> all_of(byte_stream& from, std::size_t limit) {
  Reader reader{from, limit};
  std::string all;
  for (int read = 0; read < 100; ++read) {
    try {
      const std::optional<std::string> next = co_await reader.next();
      if (!next)
        co_return all + "end";
      all += *next + '|';
    } catch (const limit_overrun& overrun) {
      CHECK(overrun.limit() == limit);
      all += "too long|";
      if (std::is_same_v<Reader, frame_reader>)
        co_return all;
    } catch (const incomplete_read& ended) {
      co_return all + "incomplete: " + ended.partial();
    }
  }
  co_return all + "and so on";
}

task<> write_all(byte_stream& to, std::string_view bytes) {
  static_cast<void>(co_await as_outcome(to.write(bytes))); // the reader may have seen enough
  if (to.is_open())
    static_cast<void>(co_await to.close(1s));
}

/// What a reader makes of these bytes when they come in pieces of any length.
template <class Reader>
std::string read_as(std::string_view bytes, std::size_t limit) {
  simulator simulated{in_any_order()};
  std::string all;
  const auto exchange = [&]() -> task<> {
    stream_pair ends = pipe_pair({.capacity = 5, .high_water = 3});
    co_await in_task_group([&](task_group& group) {
      group.start(write_all, std::ref(ends.first), bytes);
      group.start([&]() -> task<> {
        all = co_await all_of<Reader>(ends.second, limit);
        ends.second.abort();
      });
    });
  };
  simulated.run(exchange).value();
  return all;
}

} // namespace

TEST_CASE("lines are the same however their bytes come", "[streams][D6]") {
  CHECK(read_as<line_reader>("", 10) == "end");
  CHECK(read_as<line_reader>("\n", 10) == "|end");
  CHECK(read_as<line_reader>("one\ntwo\r\n\r\nthree", 10) == "one|two||three|end");
  CHECK(read_as<line_reader>("a\rb\nc\r", 10) == "a\rb|c\r|end");
  CHECK(read_as<line_reader>("a\0b\n\xff\n"sv, 10) == "a\0b|\xff|end"s);
}

TEST_CASE("a line may have as many bytes as its limit says, whatever ends it, and the one after a longer one is intact",
          "[streams][D6]") {
  CHECK(read_as<line_reader>("12345\n12345\r\n12345", 5) == "12345|12345|12345|end");
  CHECK(read_as<line_reader>("123456\nok\n", 5) == "too long|ok|end");
  CHECK(read_as<line_reader>("123456\r\nok\n", 5) == "too long|ok|end");
  CHECK(read_as<line_reader>("12345678901234567890\nok\n", 5) == "too long|ok|end");
  CHECK(read_as<line_reader>("1234567890123456\r\nok", 5) == "too long|ok|end");
  CHECK(read_as<line_reader>("12345678901234567890", 5) == "too long|end");
  CHECK(read_as<line_reader>("123456", 5) == "too long|end");
}

TEST_CASE("a reader of lines knows which lines have been read ahead", "[streams][D6]") {
  simulator simulated;
  simulated
      .run([]() -> task<> {
        stream_pair ends = pipe_pair();
        byte_stream& near = ends.first;
        byte_stream& far = ends.second;
        line_reader lines{far, 3};
        CHECK_FALSE(lines.has_line());
        co_await near.write("a\nb\nc"sv);
        co_await sleep_for(1s);
        CHECK_FALSE(lines.has_line()); // it has been sent, and not read
        const std::optional<std::string> first = co_await lines.next();
        CHECK(first == "a");
        CHECK(lines.has_line());
        const std::optional<std::string> second = co_await lines.next();
        CHECK(second == "b");
        CHECK_FALSE(lines.has_line()); // it has no end yet
        co_await near.close(1s);
        co_await far.close(1s);
      })
      .value();
}

TEST_CASE("frames are the same however their bytes come, and one that is too long is refused by its length",
          "[streams][D6]") {
  CHECK(read_as<frame_reader>("", 10) == "end");
  CHECK(read_as<frame_reader>("\0\0\0\3abc\0\0\0\0\0\0\0\1x"sv, 3) == "abc||x|end");
  CHECK(read_as<frame_reader>("\0\0\0\4abcd"sv, 3) == "too long|");
  CHECK(read_as<frame_reader>("\xff\xff\xff\xff"sv, 1'000) == "too long|");
  CHECK(read_as<frame_reader>("\0\0\0\3ab"sv, 3) == "incomplete: ab");
  CHECK(read_as<frame_reader>("\0\0"sv, 3) == "incomplete: \0\0"s);
}

TEST_CASE("what is written as lines and frames is read as such", "[streams][D6]") {
  simulator simulated{in_any_order()};
  const auto exchange = [&]() -> task<> {
    stream_pair ends = pipe_pair({.capacity = 5, .high_water = 3});
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await write_line(ends.first, "a line");
        co_await write_frame(ends.first, std::string(300, 'x'));
      });
      group.start([&]() -> task<> {
        line_reader lines{ends.second, 10};
        const std::optional<std::string> line = co_await lines.next();
        CHECK(line == "a line");
        frame_reader frames{ends.second, 300};
        const std::optional<std::string> frame = co_await frames.next();
        CHECK(frame == std::string(300, 'x'));
      });
    });
    const auto two = co_await as_outcome(write_line(ends.first, "two\nlines"));
    CHECK(two.has_error());
    CHECK_THROWS_AS(std::rethrow_exception(two.error()), std::invalid_argument);
    const auto longer = co_await as_outcome(write_frame(ends.first, std::string_view{"x", std::size_t{1} << 32U}));
    CHECK(longer.has_error());
  };
  simulated.run(exchange).value();
}

TEST_CASE("a reader that is cancelled in the middle of a message reads it as a whole the next time", "[streams][D6]") {
  simulator simulated{in_any_order()};
  const auto exchange = [&]() -> task<> {
    stream_pair ends = pipe_pair();
    line_reader lines{ends.second, 10};
    co_await ends.first.write("he");
    const auto none = co_await move_on_after(1s, lines.next());
    CHECK_FALSE(none);
    co_await ends.first.write("llo\n\0\0\0\5wo"sv);
    const auto line = co_await lines.next();
    CHECK(line == "hello");
    frame_reader frames{ends.second, 10};
    const auto no_frame = co_await move_on_after(1s, frames.next());
    CHECK_FALSE(no_frame);
    co_await ends.first.write("rld");
    const auto frame = co_await frames.next();
    CHECK(frame == "world");
    co_await ends.first.write("much longer than a line may be");
    const auto too_long = co_await as_outcome(lines.next());
    CHECK(too_long.has_error());
    const auto no_line = co_await move_on_after(1s, lines.next()); // in the rest of it
    CHECK_FALSE(no_line);
    co_await ends.first.write(", and more\nok\n");
    const auto after = co_await lines.next();
    CHECK(after == "ok");
  };
  simulated.run(exchange).value();
}
