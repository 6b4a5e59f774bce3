// asyncio's cases about streams: what is read, up to how much, and what is read at the end.

#include <tests/streams/on_pipes.hpp>

#include <tests/run_apart.hpp>

#include <troupe/streams/framing.hpp>

#include <csignal>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using chunks = std::vector<std::string>;

/// What there is, so many bytes at most.
task<std::string> some_of(byte_stream& from, std::size_t bytes) {
  std::string come(bytes, '\0');
  come.resize(co_await from.read_some(std::as_writable_bytes(std::span{come})));
  co_return come;
}

task<> expect(byte_stream& from, std::string_view text) {
  const std::string come = co_await from.read_exactly(text.size());
  CHECK(come == text);
}

/// What a program says that makes this mistake on a pipe, of which Catch2 shall say nothing.
template <class Function>
std::string last_words(Function function) {
  return run_apart([&] {
           std::signal(SIGABRT, SIG_DFL);
           simulator simulated{{}};
           const auto run = [&]() -> task<> {
             stream_pair ends = pipe_pair();
             co_await function(ends.second);
           };
           static_cast<void>(simulated.run(run));
         })
      .words;
}
bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace

TEST_CASE("a write of no bytes changes nothing for who reads", "[conformance][ST-007]") {
  on_pipes([](stream_pair& ends) -> task<> {
    co_await ends.first.write("");
    const auto none = co_await move_on_after(1s, some_of(ends.second, 10));
    CHECK_FALSE(none);
    co_await ends.first.write("");
    co_await ends.first.write("x");
    co_await ends.first.write("");
    co_await expect(ends.second, "x");
    CHECK(ends.first.statistics().bytes_accepted == 1);
    CHECK(ends.second.statistics().bytes_read == 1);
  });
}

TEST_CASE("what is written in pieces is read as one", "[conformance][ST-008]") {
  on_fed_pipes({"da", "ta, and", " more"}, at_last::stays_open,
               [](byte_stream& from) -> task<> { co_await expect(from, "data, and more"); });
}

TEST_CASE("a read of no bytes gives none, takes nothing, and does not wait", "[conformance][ST-009][ST-035]") {
  on_pipes([](stream_pair& ends) -> task<> {
    for (const bool has_come : {false, true}) {
      if (has_come)
        co_await ends.first.write("ab");
      co_await expect(ends.second, "");
      const std::string none = co_await some_of(ends.second, 0);
      CHECK(none == "");
      CHECK_FALSE(ends.second.at_end());
    }
    CHECK(ends.second.statistics().bytes_read == 0);
    co_await expect(ends.second, "ab");
  });
}

TEST_CASE("a read waits until something is there, and takes it, up to so many bytes", "[conformance][ST-010]") {
  on_fed_pipes({"a line", "another line"}, at_last::ends, [](byte_stream& from) -> task<> {
    std::string all;
    for (;;) {
      const std::string some = co_await some_of(from, 4);
      CHECK(some.size() <= 4);
      if (some.empty())
        break;
      all += some;
    }
    CHECK(all == "a lineanother line");
  });
}

TEST_CASE("a read that needs two chunks leaves the rest of the second one", "[conformance][ST-011][ST-036]") {
  on_fed_pipes({"lin", "e1line2 and the rest"}, at_last::stays_open, [](byte_stream& from) -> task<> {
    co_await expect(from, "line1");
    co_await expect(from, "line2");
    co_await expect(from, " and the rest");
    const auto none = co_await move_on_after(1h / 2, some_of(from, 1));
    CHECK_FALSE(none);
  });
}

TEST_CASE("a read at the end of a stream gives nothing, each time", "[conformance][ST-012]") {
  on_fed_pipes({}, at_last::ends, [](byte_stream& from) -> task<> {
    for (int again = 0; again < 3; ++again) {
      const std::string none = co_await some_of(from, 1'024);
      CHECK(none == "");
      const std::string nothing_left = co_await from.read_to_end(10);
      CHECK(nothing_left == "");
    }
  });
}

TEST_CASE("a read to the end gives all of it, within a limit that is exact", "[conformance][ST-013]") {
  on_fed_pipes({"chunk 1, ", "chunk 2"}, at_last::ends, [](byte_stream& from) -> task<> {
    const auto overrun = co_await error_of<limit_overrun>(from.read_to_end(15));
    CHECK(overrun.limit() == 15);
    const std::string all = co_await from.read_to_end(16); // nothing of it was lost
    CHECK(all == "chunk 1, chunk 2");
  });
}

TEST_CASE("limits and delimiters of no bytes are refused with a sentence", "[conformance][ST-015][ST-026]") {
  CHECK(contains(last_words([](byte_stream& from) -> task<> { co_await from.read_until("", 10); }),
                 "read_until() needs a delimiter of at least one byte"));
  CHECK(contains(last_words([](byte_stream& from) -> task<> { co_await from.discard_until(""); }),
                 "discard_until() needs a delimiter of at least one byte"));
  CHECK(contains(last_words([](byte_stream& from) -> task<> { co_await from.read_until("\n", 0); }),
                 "read_until() needs a limit of at least the bytes of its delimiter"));
  CHECK(contains(last_words([](byte_stream& from) -> task<> {
                   line_reader lines{from, 0};
                   co_await lines.next();
                 }),
                 "a line_reader needs a limit of at least one byte"));
}

TEST_CASE("the limit of one read is none of another one's", "[conformance][ST-016][ST-037]") {
  on_fed_pipes({"chunk", "and another one"}, at_last::ends, [](byte_stream& from) -> task<> {
    co_await error_of<limit_overrun>(from.read_until("\n", 3));
    const std::string some = co_await some_of(from, 5);
    CHECK(std::string_view{"chunk"}.starts_with(some));
    co_await error_of<limit_overrun>(from.read_until("\n", 3));
    co_await expect(from, std::string_view{"chunkand another one"}.substr(some.size()));
  });
}

TEST_CASE("a stream is at its end once that was seen, and all before it was read", "[conformance][ST-019]") {
  on_fed_pipes({"some"}, at_last::ends, [](byte_stream& from) -> task<> {
    CHECK_FALSE(from.at_end());
    co_await expect(from, "so");
    CHECK_FALSE(from.at_end());
    co_await expect(from, "me");
    CHECK_FALSE(from.at_end()); // nobody knows yet
    const std::string none = co_await some_of(from, 1);
    CHECK(none == "");
    CHECK(from.at_end());
  });
}

TEST_CASE("a delimiter of several bytes is found in a chunk and between two, and what is behind it stays",
          "[conformance][ST-027]") {
  on_fed_pipes({"oneEND", "two", "END", "three", "EN", "Dfour"}, at_last::ends, [](byte_stream& from) -> task<> {
    for (const char* part : {"oneEND", "twoEND", "threeEND"}) {
      const std::string come = co_await from.read_until("END", 100);
      CHECK(come == part);
    }
    co_await expect(from, "four");
  });
}

TEST_CASE("a delimiter is found wherever it is cut, also behind what only begins like it",
          "[conformance][ST-028][ST-033]") {
  const std::string text = "xaxaabaaab"; // the delimiter is at the end only
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    for (std::size_t other = cut; other <= text.size(); ++other)
      on_fed_pipes({text.substr(0, cut), text.substr(cut, other - cut), text.substr(other) + "rest"},
                   at_last::stays_open, [&](byte_stream& from) -> task<> {
                     const std::string come = co_await from.read_until("aaab", text.size());
                     CHECK(come == text);
                     co_await expect(from, "rest");
                   });
}

TEST_CASE("a stream that ends before the delimiter says so with what has come, which is taken out",
          "[conformance][ST-029]") {
  on_fed_pipes({"some ", "dataE"}, at_last::ends, [](byte_stream& from) -> task<> {
    const auto ended = co_await error_of<incomplete_read>(from.read_until("END", 100));
    CHECK(ended.partial() == "some dataE");
    CHECK(ended.expected() == 0);
    CHECK(from.at_end());
    const auto again = co_await error_of<incomplete_read>(from.read_until("END", 100));
    CHECK(again.partial() == "");
  });
}

TEST_CASE("a delimiter that is not within the limit is an overrun, there already or not, and all stays",
          "[conformance][ST-030]") {
  const auto reads = [](byte_stream& from) -> task<> {
    for (const std::size_t limit : {std::size_t{3}, std::size_t{8}, std::size_t{11}}) {
      const auto overrun = co_await error_of<limit_overrun>(from.read_until("END", limit));
      CHECK(overrun.limit() == limit);
    }
    const std::string all = co_await from.read_until("END", 12); // exact
    CHECK(all == "some dataEND");
    co_await expect(from, "rest");
  };
  on_fed_pipes({"some dataENDrest"}, at_last::stays_open, reads);
  on_fed_pipes({"some", " data", "EN", "Drest"}, at_last::stays_open, reads);
  on_fed_pipes({"some data"}, at_last::stays_open, [](byte_stream& from) -> task<> {
    co_await error_of<limit_overrun>(from.read_until("END", 9)); // and waits for nothing more
  });
}

TEST_CASE("a stream that ends too early says how many bytes were expected, with those that have come",
          "[conformance][ST-038]") {
  on_fed_pipes({"0123", "4"}, at_last::ends, [](byte_stream& from) -> task<> {
    const auto ended = co_await error_of<incomplete_read>(from.read_exactly(10));
    CHECK(ended.partial() == "01234");
    CHECK(ended.expected() == 10);
    const auto again = co_await error_of<incomplete_read>(from.read_exactly(10));
    CHECK(again.partial() == "");
    co_await expect(from, "");
  });
}
