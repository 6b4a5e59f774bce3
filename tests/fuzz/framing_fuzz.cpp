// Lines and frames do not depend on how their bytes were cut into pieces: libFuzzer chooses both, and what the readers
// give is compared with what a parser of whole texts makes of them.

#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

using namespace troupe;

namespace {

/// "(one)(two)|", with "!" for what is longer than it may be; "?" for what ends in its middle.
std::string lines_of(std::string_view text, std::size_t limit) {
  std::string all;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (end != text.npos && line.ends_with('\r'))
      line.remove_suffix(1);
    all += line.size() > limit ? "!" : '(' + std::string(line) + ')';
  }
  return all + '|';
}

std::string frames_of(std::string_view bytes, std::size_t limit) {
  std::string all;
  while (!bytes.empty()) {
    if (bytes.size() < 4)
      return all + '?';
    std::size_t length = 0;
    for (int i = 0; i < 4; ++i)
      length = length * 256 + static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    bytes.remove_prefix(4);
    if (length > limit)
      return all + '!';
    if (bytes.size() < length)
      return all + '?';
    all += '(' + std::string(bytes.substr(0, length)) + ')';
    bytes.remove_prefix(length);
  }
  return all + '|';
}

template <class Reader, bool GoesOn>
task<> read(byte_stream& from, std::size_t limit, std::string& all) {
  Reader reader{from, limit};
  for (;;) {
    try {
      const std::optional<std::string> next = co_await reader.next();
      if (!next)
        break;
      all += '(' + *next + ')';
    } catch (const limit_overrun&) {
      all += '!';
      if (!GoesOn)
        co_return;
    } catch (const incomplete_read&) {
      all += '?';
      co_return;
    }
  }
  all += '|';
}

task<> write(byte_stream& to, std::string_view bytes, std::string_view cuts) {
  for (std::size_t cut = 0; !bytes.empty(); ++cut) {
    const std::size_t length =
        cuts.empty() ? bytes.size() : 1 + static_cast<unsigned char>(cuts[cut % cuts.size()]) % 9;
    const std::size_t now = std::min(length, bytes.size());
    co_await to.write(bytes.substr(0, now));
    bytes.remove_prefix(now);
  }
  to.shutdown_write();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4)
    return 0;
  const bool as_lines = (data[0] & 1U) != 0;
  const std::size_t limit = 1 + data[1] % 40;
  const std::size_t cuts_size = std::min<std::size_t>(data[2] % 16, size - 4);
  const std::uint64_t seed = data[3];
  const std::string_view rest{reinterpret_cast<const char*>(data) + 4, size - 4};
  const std::string_view cuts = rest.substr(0, cuts_size), bytes = rest.substr(cuts_size);

  std::string come;
  simulator simulated{{.seed = seed}};
  const auto exchange = [&]() -> task<> {
    stream_pair ends = pipe_pair({.capacity = 1 + seed % 17, .high_water = 1 + seed % 13});
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        try {
          co_await write(ends.first, bytes, cuts);
        } catch (const peer_reset&) { // the reader has seen enough
        }
      });
      group.start([&]() -> task<> {
        if (as_lines)
          co_await read<line_reader, true>(ends.second, limit, come);
        else
          co_await read<frame_reader, false>(ends.second, limit, come);
        ends.second.abort();
      });
    });
  };
  simulated.run(exchange).value();
  const std::string expected = as_lines ? lines_of(bytes, limit) : frames_of(bytes, limit);
  if (come == expected)
    return 0;
  fmt::print(stderr, "read      {}\nexpected  {}\n", come, expected);
  std::abort();
}
