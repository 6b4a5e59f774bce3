// Many connections that nobody uses any more: what they cost.

#include <troupe/streams/serve.hpp>

#include <tests/streams/sockets.hpp>

#include <troupe/scope/offload.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
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

/// A pipe between two processes, in one direction, for numbers.
class number_pipe {
public:
  number_pipe() { REQUIRE(::pipe(ends_.data()) == 0); }
  ~number_pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  number_pipe(const number_pipe&) = delete;
  number_pipe& operator=(const number_pipe&) = delete;

  void put(std::size_t number) const {
    if (::write(ends_[1], &number, sizeof number) != sizeof number)
      std::abort();
  }
  /// 0: the other process has gone.
  std::size_t take() const {
    std::size_t number = 0;
    return ::read(ends_[0], &number, sizeof number) == sizeof number ? number : 0;
  }
  void keep_reading() { ::close(std::exchange(ends_[1], -1)); }

private:
  std::array<int, 2> ends_{};
};

/// Every fourth connection was a busy one, which leaves nothing behind.
constexpr std::size_t busy_line = 150'000;
std::string used_for(std::size_t number) { return number % 4 == 0 ? std::string(busy_line, 'x') : "hello"; }

task<> gives_lines_back(byte_stream& over) {
  line_reader lines{over, busy_line};
  while (std::optional<std::string> line = co_await lines.next())
    co_await write_line(over, *line);
}

/// Makes so many connections, uses each once, and says how many bytes each takes here. When it is told to go on, asks once
/// more on the first one, and says 1 where that is answered.
void be_clients(std::size_t count, const number_pipe& told, const number_pipe& says) {
  on_sockets([&]() -> task<> {
    const auto port = static_cast<std::uint16_t>(told.take());
    const std::size_t before = resident_bytes();
    std::vector<byte_stream> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      byte_stream one = co_await connect_tcp("127.0.0.1", port);
      co_await write_line(one, used_for(i));
      const std::string back = co_await one.read_until("\n", busy_line + 1);
      all.push_back(std::move(one));
    }
    says.put(std::max<std::size_t>((resident_bytes() - before) / count, 1));
    told.take();
    co_await write_line(all.front(), "are you there?");
    const std::string answer = co_await all.front().read_until("\n", 100);
    says.put(answer == "are you there?\n" ? 1 : 0);
    for (byte_stream& one : all)
      co_await one.close(1s);
  });
}

} // namespace

// Both ends in one process would need twice as many descriptors as most machines allow it.
TEST_CASE("ten thousand idle connections take less than 64 KiB each, both ends of them and all that serves them, also "
          "where they "
          "were busy before",
          "[streams][stress]") {
  constexpr std::size_t wanted = is_sanitized ? 1'000 : 10'000;
  const std::size_t allowed = raise_descriptor_limit();
  const std::size_t count = std::min(wanted, allowed - std::min<std::size_t>(allowed, 200));
  if (count < wanted)
    WARN("only " << count << " connections: this process may have no more than " << allowed << " descriptors");
  number_pipe to_clients, from_clients;
  const pid_t clients = ::fork();
  REQUIRE(clients >= 0);
  if (clients == 0) {
    be_clients(count, to_clients, from_clients);
    ::_exit(0);
  }
  from_clients.keep_reading();
  std::size_t here = 0, there = 0, answered = 0;
  on_sockets([&]() -> task<> {
    listener at = listen_tcp("127.0.0.1", 0, {.connections_max = count + 1, .backlog = 1'024});
    const std::uint16_t port = at.port();
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server =
          group.start(serve<listener, task<> (*)(byte_stream&)>, std::move(at), &gives_lines_back, serve_options{});
      const std::size_t before = resident_bytes();
      to_clients.put(port);
      there = co_await offload([&from_clients] { return from_clients.take(); });
      here = (resident_bytes() - before) / count;
      to_clients.put(1);
      answered = co_await offload([&from_clients] { return from_clients.take(); });
      server.cancel();
    });
  });
  int status = 0;
  CHECK(::waitpid(clients, &status, 0) == clients);
  CHECK(status == 0);
  CHECK(there != 0);
  CHECK(answered == 1);
  INFO(here << " bytes each for its server, " << there << " for its client");
  if (!is_sanitized)
    CHECK(here + there < 65'536);
}
