// asyncio's cases about connections that are lost, and about what the errors of streams say.

#include <tests/streams/on_pipes.hpp>

#include <tests/failures.hpp>

#include <troupe/streams/framing.hpp>

#include <cstddef>
#include <exception>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("a connection that is lost with an error fails the read that waits and the next ones",
          "[conformance][ST-005][ST-014][ST-039]") {
  constexpr duration lost_at = 2s;
  for (const duration read_at : {1s, 3s})
    on_pipes([=](stream_pair& ends) -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> {
          co_await sleep_for(lost_at);
          ends.first.abort();
        });
        group.start([&]() -> task<> {
          co_await sleep_for(read_at);
          co_await error_of<peer_reset>(ends.second.read_exactly(1));
          std::byte one{};
          co_await error_of<peer_reset>(ends.second.read_some({&one, 1}));
          co_await error_of<peer_reset>(ends.second.read_until("\n", 10));
          co_await error_of<peer_reset>(ends.second.read_to_end(10));
          co_await error_of<peer_reset>(ends.second.discard_until("\n"));
        });
      });
    });
}

TEST_CASE("a connection that is lost after who has waited for it was cancelled troubles nobody",
          "[conformance][ST-042]") {
  on_pipes([](stream_pair& ends) -> task<> {
    line_reader lines{ends.second, 100};
    const auto line = co_await move_on_after(1s, lines.next());
    CHECK_FALSE(line);
    ends.first.abort();
    co_await sleep_for(1s);
    co_await error_of<peer_reset>(lines.next()); // and nobody is taken for one who reads
  });
}

TEST_CASE("who goes on writing to one who has gone ends with an error, and does not spin", "[conformance][ST-054]") {
  for (const bool aborts : {false, true})
    on_pipes([aborts](stream_pair& ends) -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start([&]() -> task<> {
          const auto goes_on = [&]() -> task<> {
            for (;;)
              co_await ends.first.write("more of the same");
          };
          co_await error_of<peer_reset>(goes_on());
        });
        group.start([&]() -> task<> {
          co_await sleep_for(1s);
          const std::string some = co_await ends.second.read_exactly(1'000);
          CHECK(some.starts_with("more of the same"));
          if (aborts)
            ends.second.abort();
          else
            co_await ends.second.close(1s);
        });
      });
    });
}

TEST_CASE("an error of a stream keeps what it says, through groups and as a copy", "[conformance][ST-062][ST-063]") {
  on_fed_pipes({"01234"}, at_last::ends, [](byte_stream& from) -> task<> {
    const auto ended = co_await as_outcome(in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await error_of<limit_overrun>(from.read_until("4", 3));
        co_await from.read_exactly(10);
      });
    }));
    const error_group failed = group_of(ended);
    REQUIRE(failed.errors().size() == 1);
    try {
      std::rethrow_exception(failed.errors()[0].error);
    } catch (const incomplete_read& early) {
      const incomplete_read copy = early;
      CHECK(copy.partial() == "01234");
      CHECK(copy.expected() == 10);
      CHECK(copy.what() == std::string("the stream has ended after 5 of 10 bytes that were to be read"));
    }
    const limit_overrun overrun{"a line", 7};
    const limit_overrun copy = overrun;
    CHECK(copy.limit() == 7);
    CHECK(copy.what() == std::string("a line is longer than the 7 bytes that it may have"));
  });
}
