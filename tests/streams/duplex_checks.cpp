// What Trio's suite asks of a stream with two directions, and of the end of one of them.

#include <tests/streams/check_steps.hpp>
#include <tests/streams/stream_checks.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

namespace troupe::tests {

namespace {

constexpr std::size_t chunk_max = 16'384;

std::string random_bytes(std::size_t bytes, std::uint64_t seed) {
  seeded_random random{seed};
  std::string all(bytes, '\0');
  for (char& each : all)
    each = static_cast<char>(random.below(256));
  return all;
}

task<> writes_in_chunks(byte_stream& to, const std::string& all, std::uint64_t seed) {
  seeded_random random{seed};
  for (std::string_view rest = all; !rest.empty();) {
    const std::string_view chunk = rest.substr(0, 1 + random.below(chunk_max));
    co_await writes(to, chunk);
    rest.remove_prefix(chunk.size());
  }
}

task<> reads_in_chunks(byte_stream& from, const std::string& all, std::uint64_t seed) {
  seeded_random random{seed};
  for (std::string_view rest = all; !rest.empty();) {
    const std::string come = co_await some_of(from, std::min<std::size_t>(rest.size(), 1 + random.below(chunk_max)));
    must(!come.empty() && rest.starts_with(come), "what is read is what was written");
    rest.remove_prefix(come.size());
  }
}

} // namespace

task<> cs_024(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  const std::string there = random_bytes(make.bytes_each_way, 1);
  const std::string back = random_bytes(make.bytes_each_way, 2);
  co_await in_task_group([&](task_group& group) {
    group.start(writes_in_chunks, std::ref(ends.first), std::cref(there), 3U);
    group.start(writes_in_chunks, std::ref(ends.second), std::cref(back), 4U);
    group.start(reads_in_chunks, std::ref(ends.first), std::cref(back), 5U);
    group.start(reads_in_chunks, std::ref(ends.second), std::cref(there), 6U);
  });
}

task<> cs_025(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  co_await in_task_group([&](task_group& group) {
    group.start(reads_end, std::ref(ends.first));
    group.start(closes, std::ref(ends.second));
  });
  co_await closes(ends.first);
}

task<> cs_026(const pair_maker& make) {
  stream_pair ends = co_await make.connected();
  const auto writes_and_ends = [](byte_stream& to) -> task<> {
    co_await writes(to, "xyz");
    to.shutdown_write();
  };
  const auto reads_both = [](byte_stream& from) -> task<> {
    co_await sleep_for(moment);
    co_await reads(from, "xyz");
    co_await reads_end(from);
  };
  co_await in_task_group([&](task_group& group) {
    group.start(writes_and_ends, std::ref(ends.first));
    group.start(reads_both, std::ref(ends.second));
  });
  co_await fails_with<stream_closed>(ends.first.write("y"), "nothing is sent in a direction that has ended");
  co_await fails_with<stream_closed>(ends.first.wait_writable(), "nor waited for");
  ends.first.shutdown_write(); // changes nothing
  co_await in_task_group([&](task_group& group) {
    group.start(writes_and_ends, std::ref(ends.second));
    group.start(reads_both, std::ref(ends.first));
  });
  co_await closes(ends.first);
  co_await closes(ends.second);
}

} // namespace troupe::tests
