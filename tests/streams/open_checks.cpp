// What Trio's suite asks of a stream that is open, and of one that is closed.

#include <tests/streams/check_steps.hpp>
#include <tests/streams/stream_checks.hpp>

#include <troupe/scope/sleep.hpp>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace troupe::tests {

// ---- sending and receiving -------------------------------------------------------------------------------------------

task<> cs_001(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await in_task_group([&](task_group& group) {
    group.start(writes, std::ref(ends.first), "x");
    group.start(reads, std::ref(ends.second), "x");
  });
}

task<> cs_002(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await in_task_group([&](task_group& group) {
    group.start([&]() -> task<> {
      co_await writes(ends.first, "");
      co_await writes(ends.first, "y");
    });
    group.start(reads, std::ref(ends.second), "y");
  });
}

task<> cs_003(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  const std::string text = "text, ";
  const std::vector<std::byte> bytes(2, std::byte{'b'});
  const std::array<std::byte, 1> array{std::byte{'a'}};
  co_await in_task_group([&](task_group& group) {
    group.start([&]() -> task<> {
      co_await ends.first.write("literal, ");
      co_await ends.first.write(text);
      co_await ends.first.write(std::string_view{text}.substr(0, 4));
      co_await ends.first.write(bytes);
      co_await ends.first.write(array);
      co_await ends.first.write(std::span{bytes}.first(1));
    });
    group.start([&]() -> task<> {
      co_await reads(ends.second, "literal, text, text");
      std::vector<std::byte> two(2);
      for (std::size_t come = 0; come < two.size();)
        come += co_await ends.second.read_some(std::span{two}.subspan(come));
      must(two == bytes, "what is read is what was written");
      const std::size_t none = co_await ends.second.read_some({});
      must(none == 0 && !ends.second.at_end(), "a read of no bytes gives none, which is not the end");
      std::array<std::byte, 1> one{};
      co_await ends.second.read_some(one);
      must(one == array, "what is read is what was written");
      co_await reads(ends.second, "b");
    });
  });
}

task<> cs_004(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await one_is_busy(some_of(ends.second, 1), some_of(ends.second, 1));
  co_await one_is_busy(ends.second.read_exactly(2), ends.second.read_until("\n", 10));
  co_await one_is_busy(ends.second.read_to_end(10), ends.second.discard_until("\n"));
  co_await in_task_group([&](task_group& group) {
    group.start(writes, std::ref(ends.first), "intact");
    group.start(reads, std::ref(ends.second), "intact");
  });
}

task<> cs_005(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start(some_of, std::ref(ends.second), 1U);
    co_await ends.first.wait_writable();
    co_await ends.first.wait_writable();
    co_await ends.second.wait_writable();
    group.cancel();
  });
}

// ---- closing ---------------------------------------------------------------------------------------------------------

task<> cs_006(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await in_task_group([&](task_group& group) {
    group.start(writes_until_reset, std::ref(ends.first));
    group.start([&]() -> task<> { co_await ends.second.close(second); }); // with or without unread bytes
  });
  for (int again = 0; again < 3; ++again) {
    co_await fails_with<peer_reset>(ends.first.write("x"), "a write after a reset fails each time");
    co_await fails_with<peer_reset>(ends.first.write(""), "an empty write after a reset fails as well");
    co_await fails_with<peer_reset>(ends.first.wait_writable(), "nobody waits for a connection that is gone");
  }
}

task<> cs_007(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await writes(ends.first, "x");
  co_await ends.second.close(second);
  constexpr const char* sentence = "a read after a close gets stream_closed";
  co_await fails_with<stream_closed>(some_of(ends.second, 4'096), sentence);
  co_await fails_with<stream_closed>(some_of(ends.second, 0), sentence);
  co_await fails_with<stream_closed>(ends.second.read_exactly(1), sentence);
  co_await fails_with<stream_closed>(ends.second.read_until("\n", 10), sentence);
  co_await fails_with<stream_closed>(ends.second.discard_until("\n"), sentence);
  co_await fails_with<stream_closed>(ends.second.read_to_end(10), sentence);
}

task<> cs_008(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  for (int again = 0; again < 3; ++again) {
    co_await closes(ends.second);
    co_await closes(ends.first);
  }
  ends.first.abort();
  co_await closes(ends.first);
}

task<> cs_009(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await closes(ends.first);
  co_await fails_with<stream_closed>(ends.first.write("x"), "a write after a close gets stream_closed");
  co_await fails_with<stream_closed>(ends.first.write(""), "so does an empty one");
  co_await fails_with<stream_closed>(ends.first.wait_writable(), "so does who waits to write");
  throws<stream_closed>([&] { ends.first.shutdown_write(); }, "so does who ends the direction");
  co_await closes(ends.first);
}

task<> cs_010(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await in_task_group([&](task_group& group) {
    group.start([&]() -> task<> {
      co_await writes(ends.first, "the last words");
      co_await closes(ends.first);
    });
    group.start([&]() -> task<> {
      co_await sleep_for(moment); // the other side gets as far as it can
      co_await reads(ends.second, "the last words");
      co_await reads_end(ends.second);
      co_await reads_end(ends.second);
      co_await closes(ends.second);
    });
  });
}

task<> cs_011(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  ends.second.abort();
  co_await writes_until_reset(ends.first);
  co_await fails_with<stream_closed>(some_of(ends.second, 4'096), "a read after an abort gets stream_closed");
}

task<> cs_012(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  ends.first.abort();
  co_await fails_with<stream_closed>(ends.first.write("123"), "a write after an abort gets stream_closed");
  outcome<std::string> come = co_await as_outcome(some_of(ends.second, 1));
  must(come.has_error() ? is_a<peer_reset>(come.error()) : come.value().empty(),
       "the other side of a stream that was aborted reads the end, or gets peer_reset");
}

namespace {

task<> closes_in_a_cancelled_group(byte_stream& which) {
  co_await in_task_group([&](task_group& group) -> task<> {
    group.cancel();
    co_await which.close(second);
  });
  must(!which.is_open(), "a close that is cancelled closes all the same");
  must(which.statistics().bytes_unsent == 0, "what is unsent when a close is cancelled is dropped");
  co_await fails_with<stream_closed>(which.write("123"), "a write after a close gets stream_closed");
  co_await fails_with<stream_closed>(some_of(which, 4'096), "a read after a close gets stream_closed");
}

} // namespace

task<> cs_013(const pair_maker& make) {
  {
    stream_pair ends = co_await make.connected();
    co_await closes_in_a_cancelled_group(ends.second);
    co_await closes_in_a_cancelled_group(ends.first);
  }
  stream_pair ends = co_await clogged(make);
  co_await closes_in_a_cancelled_group(ends.first); // while it would have to wait
  const auto ended = co_await as_outcome(reads_all(ends.second));
  must(ended.has_value() || is_a<peer_reset>(ended.error()), "the other side hears of it");
}

task<> cs_014(const pair_maker& make) {
  {
    stream_pair ends = co_await make.connected();
    co_await cancelled(ends.first.write("x"));
    co_await cancelled(ends.first.wait_writable());
    co_await cancelled(some_of(ends.second, 1));
    co_await waits_until_cancelled(some_of(ends.second, 1));
    co_await in_task_group([&](task_group& group) {
      group.start(closes, std::ref(ends.first));
      group.start([&]() -> task<> {
        co_await reads_end(ends.second);
        co_await closes(ends.second);
      });
    });
  }
  stream_pair ends = co_await clogged(make);
  co_await waits_until_cancelled(ends.first.write("x"));
  must(ends.first.is_open(), "a write of which nothing was accepted leaves the stream whole");
  const std::size_t accepted = ends.first.statistics().bytes_accepted;
  co_await in_task_group([&](task_group& group) {
    group.start(closes, std::ref(ends.first));
    group.start([&]() -> task<> {
      const std::size_t come = co_await reads_all(ends.second);
      must(come == accepted, "all arrives that was accepted before a close, and nothing of what was cancelled");
      co_await closes(ends.second);
    });
  });
}

task<> cs_015(const pair_maker& make) {
  for (const bool aborts : {false, true}) {
    stream_pair ends = co_await make.connected();
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await fails_with<stream_closed>(some_of(ends.second, 10), "who waits in a read gets stream_closed");
      });
      group.start([&]() -> task<> {
        co_await sleep_for(moment);
        if (aborts)
          ends.second.abort();
        else
          co_await closes(ends.second);
      });
    });
  }
}

} // namespace troupe::tests
