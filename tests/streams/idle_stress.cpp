// Many connections that nobody uses: what they cost.

#include <troupe/streams/serve.hpp>

#include "line_server.hpp"

#include <tests/streams/sockets.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sys/resource.h>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr bool is_sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

std::size_t resident_bytes() {
  std::size_t total = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// As many descriptors as this process may have; gives back how many those are.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

} // namespace

TEST_CASE("ten thousand idle connections take less than 64 KiB each, both ends of them and all that serves them",
          "[streams][stress]") {
  constexpr std::size_t wanted = is_sanitized ? 1'000 : 10'000;
  const std::size_t allowed = raise_descriptor_limit();
  const std::size_t count = std::min(wanted, (allowed - std::min<std::size_t>(allowed, 200)) / 2);
  if (count < wanted)
    WARN("only " << count << " connections: this process may have no more than " << allowed << " descriptors");
  std::size_t each = 0;
  bool answered = false;
  on_sockets([&]() -> task<> {
    listener at = listen_tcp("127.0.0.1", 0, {.connections_max = count + 1, .backlog = 1'024});
    const std::uint16_t port = at.port();
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server = group.start(serve<listener, task<> (*)(byte_stream&)>, std::move(at), &answers, serve_options{});
      const std::size_t before = resident_bytes();
      std::vector<byte_stream> all;
      all.reserve(count);
      for (std::size_t i = 0; i < count; ++i) {
        byte_stream one = co_await connect_tcp("127.0.0.1", port);
        co_await write_line(one, "hello"); // each was used once
        const std::string hello = co_await one.read_until("\n", 100);
        all.push_back(std::move(one));
      }
      each = (resident_bytes() - before) / count;
      co_await write_line(all.front(), "are you there?");
      const std::string answer = co_await all.front().read_until("\n", 100);
      answered = answer == "re: are you there?\n";
      for (byte_stream& one : all)
        co_await one.close(1s);
      server.cancel();
    });
  });
  CHECK(answered);
  INFO(each << " bytes each");
  if (!is_sanitized)
    CHECK(each < 65'536);
}
