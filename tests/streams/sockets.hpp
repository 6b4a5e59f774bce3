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
#include <exception>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace troupe::tests {

/// How many descriptors this process has: of sockets, and in all.
struct descriptor_count {
  std::size_t sockets = 0, all = 0;
};
inline descriptor_count open_descriptors() {
  descriptor_count count;
  for (const auto& each : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone; // other threads close theirs meanwhile
    if (std::filesystem::read_symlink(each, gone).native().starts_with("socket:"))
      ++count.sockets;
    ++count.all;
  }
  return count;
}

/// Runs it in a root on a few threads, for no longer than any bug should take. All sockets are closed again at the end of
/// the root. All descriptors are at the end of the executor: before that a sanitizer may have some on another thread.
template <class Function>
void on_sockets(Function function, std::size_t threads = 2) {
  const descriptor_count before = open_descriptors();
  {
    thread_pool_executor executor{threads};
    const auto limited = [&]() -> task<> { co_await fail_after(std::chrono::seconds{60}, function()); };
    executor.run(limited).value();
    CHECK(open_descriptors().sockets == before.sockets);
  }
  CHECK(open_descriptors().all == before.all);
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
