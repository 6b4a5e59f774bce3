// What tests of real sockets share: a run on threads that leaves no descriptor behind, and two ends of a connection.

#pragma once

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/streams/error_of.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/thread_pool_executor.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/streams/socket.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <dirent.h>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>

namespace troupe::tests {

/// How many descriptors this process has.
inline std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const all = opendir("/proc/self/fd");
  REQUIRE(all != nullptr);
  while (readdir(all) != nullptr)
    ++count;
  closedir(all);
  return count;
}

/// Runs it in a root on a few threads, for no longer than any bug should take. All descriptors are closed again at the
/// end of the root, but those of the reactor, and these at the end of the executor.
template <class Function>
void on_sockets(Function function, std::size_t threads = 2) {
  constexpr std::size_t of_reactor_max = 3; // what Asio's takes: epoll, and what interrupts that
  const std::size_t before = open_descriptors();
  {
    thread_pool_executor executor{threads};
    const auto limited = [&]() -> task<> { co_await fail_after(std::chrono::seconds{60}, function()); };
    executor.run(limited).value();
    CHECK(open_descriptors() <= before + of_reactor_max);
  }
  CHECK(open_descriptors() == before);
}

enum class family { tcp, unix_domain };
inline constexpr family families[] = {family::tcp, family::unix_domain};

inline std::string path_for_socket() {
  static std::atomic<int> made{0};
  return "/tmp/troupe_test_" + std::to_string(getpid()) + '_' + std::to_string(++made) + ".socket";
}

inline listener listening(family of, const listen_options& options = {}) {
  return of == family::tcp ? listen_tcp("127.0.0.1", 0, options) : listen_unix(path_for_socket(), options);
}
inline task<byte_stream> connected_to(const listener& to, socket_options options = {}) {
  return to.port() != 0 ? connect_tcp(to.address(), to.port(), options) : connect_unix(to.address(), options);
}
/// `first` has connected.
inline task<stream_pair> connected_pair(family of, std::size_t high_water = 65'536) {
  listener at = listening(of, {.socket = {high_water}});
  byte_stream first = co_await connected_to(at, {high_water});
  byte_stream second = co_await at.accept();
  co_return stream_pair{std::move(first), std::move(second)};
}

} // namespace troupe::tests
