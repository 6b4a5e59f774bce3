// What Trio's suite asks of a stream to which nothing more can be written for now.

#include <tests/streams/check_steps.hpp>
#include <tests/streams/stream_checks.hpp>

#include <troupe/scope/sleep.hpp>

#include <atomic>
#include <functional>

namespace troupe::tests {

task<> cs_016(const pair_maker& make) {
  stream_pair ends = co_await clogged(make);
  std::atomic<bool> is_read = false;
  co_await in_task_group([&](task_group& group) {
    group.start([&]() -> task<> {
      co_await ends.first.wait_writable();
      must(is_read, "a clogged stream is not writable before the other side reads");
      group.cancel();
    });
    group.start([&]() -> task<> {
      co_await sleep_for(moment);
      is_read = true;
      co_await reads_all(ends.second);
    });
  });
  co_await writes(ends.first, "x");
}

task<> cs_017(const pair_maker& make) {
  stream_pair ends = co_await clogged(make);
  co_await one_is_busy(ends.first.wait_writable(), ends.first.wait_writable());
}

task<> cs_018(const pair_maker& make) {
  stream_pair ends = co_await clogged(make);
  co_await one_is_busy(ends.first.wait_writable(), ends.first.write("123"));
}

task<> cs_019(const pair_maker& make) {
  stream_pair ends = co_await clogged(make);
  co_await one_is_busy(ends.first.write("123"), ends.first.write("456"));
}

namespace {

/// The connection ends, and whoever is told of it in this way or the other goes on.
task<> waits_for_room_or_a_reset(byte_stream& to) {
  const auto ended = co_await as_outcome(to.wait_writable());
  must(ended.has_value() || is_a<peer_reset>(ended.error()), "who waits to write goes on, or gets peer_reset");
}

task<> ends_now(byte_stream& which, bool aborts) {
  if (aborts)
    which.abort();
  else
    co_await which.close(moment); // drops what it cannot send
}

} // namespace

task<> cs_020(const pair_maker& make) {
  for (const bool aborts : {false, true})
    for (const bool begins_late : {false, true}) {
      stream_pair ends = co_await clogged(make);
      if (begins_late) {
        co_await ends_now(ends.second, aborts);
        co_await waits_for_room_or_a_reset(ends.first);
        continue;
      }
      co_await in_task_group([&](task_group& group) {
        group.start(waits_for_room_or_a_reset, std::ref(ends.first));
        group.start([&]() -> task<> {
          co_await sleep_for(moment);
          co_await ends_now(ends.second, aborts);
        });
      });
    }
}

namespace {

/// Writes, or waits to, until the stream is closed on this side.
task<> is_woken_by_a_close(const pair_maker& make, task<> (*writes_to)(byte_stream&)) {
  for (const bool aborts : {false, true}) {
    stream_pair ends = co_await clogged(make);
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        co_await fails_with<stream_closed>(writes_to(ends.first), "who waits is woken by a close");
      });
      group.start([&]() -> task<> {
        co_await sleep_for(moment);
        co_await ends_now(ends.first, aborts);
      });
    });
  }
}

} // namespace

task<> cs_021(const pair_maker& make) {
  co_await is_woken_by_a_close(make, [](byte_stream& to) { return writes(to, "xyzzy"); });
}

task<> cs_022(const pair_maker& make) {
  co_await is_woken_by_a_close(make, [](byte_stream& to) { return to.wait_writable(); });
}

// ---- half-close ------------------------------------------------------------------------------------------------------

namespace {

/// Who writes has the stream, until that is over; nothing has happened to whoever has it.
task<> is_not_ended_meanwhile(const pair_maker& make, task<> (*writes_to)(byte_stream&)) {
  stream_pair ends = co_await clogged(make);
  co_await in_task_group([&](task_group& group) {
    group.start(writes_to, std::ref(ends.first));
    group.start([&]() -> task<> {
      co_await sleep_for(moment);
      throws<stream_busy>([&] { ends.first.shutdown_write(); }, "a direction that is written to is not ended");
      const std::size_t all = co_await reads_all(ends.second);
      must(all == ends.first.statistics().bytes_accepted, "all arrives that was accepted");
    });
    group.start([&]() -> task<> { // the other one goes on while all of it is read, and ends the direction then
      for (;;) {
        try {
          co_await sleep_for(2 * moment);
          ends.first.shutdown_write();
          co_return;
        } catch (const stream_busy&) { // not yet
        }
      }
    });
  });
}

} // namespace

task<> cs_027(const pair_maker& make) {
  co_await is_not_ended_meanwhile(make, [](byte_stream& to) { return writes(to, "xyzzy"); });
}

task<> cs_028(const pair_maker& make) {
  co_await is_not_ended_meanwhile(make, [](byte_stream& to) { return to.wait_writable(); });
}

} // namespace troupe::tests
